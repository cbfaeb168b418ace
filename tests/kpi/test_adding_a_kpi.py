"""Adding a KPI is one registry entry: records, dictionary, catalogue, checks' bounds and index follow from it."""

from datetime import date

import polars as pl
import pytest

from orchestration.project import read_project
from orchestration.project_check import problems
from tests.kpi.books import complaint_facts
from transforms import dictionary
from transforms.kpi import complaints_volume, registry
from transforms.measures.case_measures import Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import Settings

ADDED = Kpi(
    code="complaint_answered_within_2_days_share",
    title="Complaints answered within two days",
    fact="core.complaints",
    measure=Share(
        of=pl.col("received_to_response_days") <= 2, among=pl.col("received_to_response_days").is_not_null()
    ),
    unit="share",
    direction=1,
    dates={"cohort": "received_on"},
    source="House rule",
    definition="Complaints of which the first response came within two calendar days.",
    formula="answered within two days / answered",
    counts="all complaints",
    example=Example(
        given="answered on days 1, 2 and 3",
        rows=rows("""
            received_on  received_to_response_days
            2025-03-03                           1
            2025-03-03                           2
            2025-03-03                           3
        """),
        value=2 / 3,
        numerator=2,
        denominator=3,
    ),
)
FRAMEWORK = """
code: quick
version: 1
title: Quick answers
source: House rule
index:
  title: Quick answers
  children:
    answers:
      title: Answers
      kpi: complaint_answered_within_2_days_share
      goalposts: {worst: 0, best: 1}
"""
PROJECT = """
insurer: Example
warehouse: w
index: {frameworks: [quick.yml]}
feeds: {complaints: [{files: c.csv, columns: {complaint_id: id, received_on: day}}]}
"""


@pytest.fixture
def added(monkeypatch):
    monkeypatch.setattr(complaints_volume, "KPIS", (*complaints_volume.KPIS, ADDED))
    return registry.registry()


def test_one_entry_yields_rows_dictionary_and_index_eligibility(added, tmp_path):
    assert ADDED in added
    as_of = date(2025, 6, 30)
    rows = [
        {"received_on": date(2025, 3, 3), "first_response_on": date(2025, 3, 3 + days)} for days in (1, 2, 3)
    ]
    facts = complaint_facts(rows, as_of)
    kpis = [kpi for kpi in added if kpi.code == ADDED.code]
    made = kpi_records(facts, kpis, month_periods([date(2025, 3, 1)]), as_of=as_of, settings=Settings())
    assert made.filter(pl.col("cut") == "company")["value"].to_list() == [pytest.approx(ADDED.example.value)]
    assert f"\n## {ADDED.code}\n" in dictionary.dictionary_pages(Settings())["complaints_volume.md"]
    assert ADDED.code in {row[0] for row in dictionary.dictionary_rows(Settings())}
    (tmp_path / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "quick.yml").write_text(FRAMEWORK, encoding="utf-8")
    (tmp_path / "c.csv").write_text("id,day\n", encoding="utf-8")
    assert problems(read_project(tmp_path)) == []


def test_without_the_entry_the_same_framework_is_refused(tmp_path):
    (tmp_path / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "quick.yml").write_text(FRAMEWORK, encoding="utf-8")
    assert any("there is no KPI" in problem for problem in problems(read_project(tmp_path)))


def test_a_kpi_that_may_exceed_one_cannot_enter_an_index(tmp_path):
    (tmp_path / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    barred = FRAMEWORK.replace(ADDED.code, "complaint_closed_to_received_ratio")
    (tmp_path / "quick.yml").write_text(barred, encoding="utf-8")
    assert any("cannot enter an index" in problem for problem in problems(read_project(tmp_path)))


def test_two_kpis_of_one_code_are_refused(monkeypatch):
    monkeypatch.setattr(complaints_volume, "KPIS", (*complaints_volume.KPIS, complaints_volume.KPIS[0]))
    with pytest.raises(ValueError, match="complaints_received_count"):
        registry.registry()
