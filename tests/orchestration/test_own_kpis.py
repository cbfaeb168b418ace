"""KPIs that a project declares in kpis/*.yml: they become KPIs like ours, or are refused with file, line and key."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from own_project import FACT, PROJECT

from orchestration.models import models
from orchestration.project import Project, ProjectError, read_project
from orchestration.project_check import problems
from orchestration.redefinitions import redefinitions_kept, refusals
from transforms.dictionary import dictionary_pages, dictionary_rows
from transforms.graph import transform_models
from transforms.kpi.registry import registry
from transforms.kpi_file import own_kpi_rows
from transforms.measures.cases import kpi_cases
from transforms.measures.example_record import facts_of, record_of
from warehouse.catalogue import TABLES
from warehouse.folder import Folder
from warehouse.history import OWN_KPIS, keep_specifications
from warehouse.store import Store

SCHEMAS = {model.writes: model.schema for model in transform_models() if model.writes.startswith("core.")}
DECIDED = """\
claims_decided_within_10_days_share:
  title: Claims decided within 10 days
  fact: core.claims
  where: spell_no = 1 AND product_line = 'motor'
  clock: {starts: reported_on, ends: decided_on}
  statistic: {within_days: 10}
  placed_by: {cohort: reported_on}
  unit: share
  direction: 1
  minimum: 30
  source: House rule 7
  example:
    rows:
      - {reported_on: 2025-03-03, decided_on: 2025-03-05, spell_no: 1, product_line: motor}
      - {reported_on: 2025-03-03, decided_on: 2025-03-13, spell_no: 1, product_line: motor}
      - {reported_on: 2025-03-04, decided_on: 2025-03-08, spell_no: 1, product_line: motor}
      - {reported_on: 2025-03-04, decided_on: 2025-03-28, spell_no: 1, product_line: motor}
      - {reported_on: 2025-03-04, decided_on: 2025-03-28, spell_no: 2, product_line: motor}
      - {reported_on: 2025-03-04, decided_on: 2025-03-28, spell_no: 1, product_line: home}
    value: 0.75
"""
EXAMPLE = DECIDED[DECIDED.index("  example:") :]
ROWS = EXAMPLE[EXAMPLE.index("    rows:") : EXAMPLE.index("    value:")]
CLOCK = DECIDED[DECIDED.index("  clock:") : DECIDED.index("  placed_by:")]


def project(folder: Path, kpis: str, further: str = "", **models_by_name: str) -> Project:
    (folder / "policypulse.yml").write_text(PROJECT + further, encoding="utf-8")
    (folder / "c.csv").write_text("id,day\n", encoding="utf-8")
    (folder / "kpis").mkdir(exist_ok=True)
    (folder / "kpis" / "own.yml").write_text(kpis, encoding="utf-8")
    for name, text in models_by_name.items():
        path = folder / "models" / "core" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_project(folder)


def told(folder: Path, kpis: str, further: str = "", **models_by_name: str) -> list[str]:
    """What is wrong with a project, whether it is told while reading it or by `check`."""
    try:
        return problems(project(folder, kpis, further, **models_by_name))
    except ProjectError as error:
        return [line.strip() for line in str(error).splitlines()[1:]]


def test_an_own_kpi_is_one_like_ours(tmp_path: Path) -> None:
    found = project(tmp_path, DECIDED)
    assert problems(found) == []
    (own,) = (kpi for kpi in registry(found.settings) if kpi.code == "claims_decided_within_10_days_share")
    assert (own.unit, own.direction, own.minimum, own.horizon_days) == ("share", 1, 30, 10)
    assert own.definition_version(found.settings) == "1"
    assert own.example is not None
    record = record_of(own, own.example, SCHEMAS)
    assert (record["value"], record["numerator"], record["denominator"]) == (0.75, 3, 4)
    fact = facts_of(own.fact, own.example, SCHEMAS)[own.fact]
    cases = kpi_cases(fact, own, "cohort", record["as_of"]).collect()
    assert cases["case_numerator"].to_list() == [1, 1, 1, 0]
    columns = TABLES["catalog.kpis"][1]
    rows = [dict(zip(columns, row, strict=True)) for row in dictionary_rows(found.settings)]
    (row,) = (row for row in rows if row["kpi"] == own.code)
    assert "claim_events.event=decided" in row["needs"], "what it needs follows from its clock"
    assert f"## {own.code}" in dictionary_pages(found.settings)["own.md"]


MEASURES = {
    "share": ("measure: {share: {of: is_merged, among: is_merged IS NOT NULL}}", "share", 0.5),
    "mean": ("measure: {mean: {value: \"date_diff('day', received_on, closed_on)\"}}", "days", 6),
    "quantile": ("measure: {quantile: {value: received_to_closed_days, q: 0.5}}", "days", 4),
    "count": ("measure: count", "count", 3),
    "deadline": ("measure: {deadline: {starts: received_on, ends: closed_on, days: 5}}", "share", 2 / 3),
    "ratio": ("measure: {ratio: {numerator: received_to_closed_days, denominator: '2'}}", "ratio", 3),
    "median of a clock": (
        "clock: {starts: received_on, ends: closed_on}\n  statistic: median", "days", 4,
    ),
    "mean of a clock": ("clock: {starts: received_on, ends: closed_on}\n  statistic: mean", "days", 6),
    "p90 of a clock": ("clock: {starts: received_on, ends: closed_on}\n  statistic: p90", "days", 10.4),
    "share beyond": (
        "clock: {starts: received_on, ends: closed_on}\n  statistic: {beyond_days: 4}", "share", 1 / 3,
    ),
    "Kaplan–Meier median": (
        "clock: {starts: received_on, ends: closed_on}\n  statistic: km_median", "days", 4,
    ),
    "incidence": (
        "clock: {starts: received_on, ends: closed_on}\n  statistic: {incidence: 5}", "probability", 2 / 3,
    ),
    "restricted mean": (
        "clock: {starts: received_on, ends: closed_on}\n  statistic: {restricted_mean: 10}", "days", 16 / 3,
    ),
}  # fmt: skip
OF_COMPLAINTS = """\
own_complaints:
  title: Own
  fact: core.complaints
  MEASURE
  placed_by: {cohort: received_on}
  unit: UNIT
  direction: 1
  source: House rule
  example:
    rows:
      - {received_on: 2025-03-03, closed_on: 2025-03-05, received_to_closed_days: 2, is_merged: true}
      - {received_on: 2025-03-03, closed_on: 2025-03-07, received_to_closed_days: 4, is_merged: false}
      - {received_on: 2025-03-03, closed_on: 2025-03-15, received_to_closed_days: 12}
    value: VALUE
"""


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_can_be_asked_for_and_its_example_runs(tmp_path: Path, measure: str) -> None:
    declared, unit, value = MEASURES[measure]
    text = OF_COMPLAINTS.replace("MEASURE", declared).replace("UNIT", unit)
    assert told(tmp_path, text.replace("VALUE", f"{value:.12g}")) == []
    wrong = told(tmp_path, text.replace("VALUE", f"{value + 0.01:.12g}"))
    assert len(wrong) == 1 and "own.yml" in wrong[0] and "own_complaints.example.value" in wrong[0]
    assert f"the rows give {value:.6g}"[:18] in wrong[0]


STOCK = """\
letters_open_count:
  title: Letters not answered
  fact: core.calls
  where: org_unit <> 'archive'
  measure: {stock: {enters: received_on, leaves: closed_on}}
  direction: -1
  source: House rule
  example:
    rows:
      - {received_on: 2025-03-03, closed_on: 2025-03-05, org_unit: north}
      - {received_on: 2025-03-03, closed_on: 2025-04-07, org_unit: north}
      - {received_on: 2025-03-03, org_unit: north}
      - {received_on: 2025-03-03, org_unit: archive}
    value: 2
calls_per_10k_policies:
  title: Calls per 10,000 policies
  fact: core.calls
  measure: {rate: {exposure: policies_at_risk, per: 10000}}
  placed_by: {period: received_on}
  unit: per_10k_policies
  direction: -1
  source: House rule
  example:
    rows: [{received_on: 2025-03-03}]
    also: {core.policies: [{issued_on: 2025-01-01}, {issued_on: 2025-02-01}]}
    value: 5000
"""
CALLS = FACT.replace("    org_unit  --", "    closed_on,  -- Day it was closed.\n    org_unit  --")


def test_facts_of_the_project_carry_kpis_and_are_read_by_what_makes_records(tmp_path: Path) -> None:
    found = project(tmp_path, STOCK, calls=CALLS)
    assert problems(found) == []
    graph = models(found.own)
    for table in ("kpi.monthly", "kpi.periodic", "kpi.windows", "index.score_intervals"):
        assert "core.calls" in graph[table].reads, table
    assert list(graph).index("core.calls") < list(graph).index("kpi.monthly")
    assert {"letters_open_count", "calls_per_10k_policies"} <= {kpi.code for kpi in registry(found.settings)}


CHANGES = """\
claim_open_count: {minimum: 7}
claim_decided_within_30_days_share: {suppress_below: 5, horizon_days: 45}
complaints_closed_count: {left_out: true}
"""


def test_ours_are_changed_and_left_out_by_name_and_their_version_says_so(tmp_path: Path) -> None:
    found = project(tmp_path, CHANGES, "kpis: {complaints_received_count: {minimum: 9}}\n")
    assert problems(found) == []
    before = {kpi.code: kpi for kpi in registry()}
    after = {kpi.code: kpi for kpi in registry(found.settings)}
    assert before.keys() - after.keys() == {"complaints_closed_count"}
    versions = {
        code: kpi.definition_version(found.settings)
        for code, kpi in after.items()
        if kpi.definition_version(found.settings) != before[code].definition_version(found.settings)
    }
    assert versions == {
        "claim_open_count": "1-minimum 7",
        "claim_decided_within_30_days_share": "1-suppress_below 5,horizon_days 45",
        "complaints_received_count": f"{before['complaints_received_count'].version}-minimum 9",
    }
    kpi = after["claim_decided_within_30_days_share"]
    assert (kpi.suppress_below, kpi.horizon_days, kpi.minimum) == (5, 45, 30)


# What is written in place of what, the line and key that are told, and a part of the reason.
WRONG = {
    "no YAML": ("clock: {", "clock: [", 5, "", "not YAML"),
    "a key that stands twice": ("minimum: 30", "minimum: 30\n  minimum: 20", 11, "minimum", "stands twice"),
    "no mapping": (DECIDED, "- a\n", None, "", "write a mapping"),
    "an unknown key": ("minimum: 30", "minimun: 30", 10, "minimun", "did you mean minimum?"),
    "a code of other letters": ("claims_decided", "Claims-decided", 1, "share", "small letters"),
    "no title": ("  title: Claims decided within 10 days\n", "", 1, "title", "is required"),
    "no source": ("  source: House rule 7\n", "", 1, "source", "is required"),
    "no example": (EXAMPLE, "", 1, "example", "`check` runs"),
    "no rows": (ROWS, "", 12, "example.rows", "is required"),
    "an example with another value": (
        *("0.75", "0.7", 20, "example.value", "the rows give 0.75 (3 over 4), not 0.7"),
    ),
    "an unknown column of an example": ("spell_no: 2", "spel_no: 2", 12, "example", "no column spel_no"),
    "a value of no type": ("2025-03-05", "soon", 12, "example", "decided_on is of type Date: soon"),
    "an example without a case": ("spell_no: 1, p", "spell_no: 3, p", 20, "example.value", "no row counts"),
    "a fact that is not there": (
        *(
            "core.claims",
            "core.claim",
            3,
            "fact",
            "there is no fact core.claim; did you mean core.claims?",
        ),
    ),
    "a taken name": (
        *(
            "claims_decided_within_10",
            "claim_decided_within_30",
            1,
            "share",
            "is one of our KPIs; give yours",
        ),
    ),
    "an unknown column": ("AND product_line", "AND product_lne", 4, "where", "did you mean product_line?"),
    "SQL that does not parse": ("spell_no = 1 A", "spell_no = = 1 A", 4, "where", "does not parse"),
    "an aggregate": ("spell_no = 1 A", "count(*) > 1 A", 4, "where", "COUNT(*) is over many rows"),
    "a window": ("spell_no = 1 A", "lag(spell_no) OVER () = 1 A", 4, "where", "is over many rows"),
    "a subquery": ("spell_no = 1 A", "claim_id IN (SELECT 1) A", 4, "where", "over other rows"),
    "an unknown function": ("spell_no = 1 A", "md5(claim_id) = 'a' A", 4, "where", "there are abs, "),
    "a type error": ("spell_no = 1 A", "spell_no = 'one' A", 4, "where", "is a number and 'one' a text"),
    "a text for a day": ("spell_no = 1 A", "paid_on > '2025-01-01' A", 4, "where", "DATE '2025-12-31'"),
    "a day on no calendar": ("spell_no = 1 A", "paid_on > DATE '2025-02-30' A", 4, "where", "no calendar"),
    "no condition": (
        "spell_no = 1 AND product_line = 'motor'",
        "spell_no",
        4,
        "where",
        "yes or no is needed",
    ),
    "a division by 0": (
        *("spell_no = 1 A", "paid_amount / claimed_amount > 1 A", 4, "where", "nullif(claimed_amount, 0)"),
    ),
    "an unknown statistic": (
        "within_days",
        "withn_days",
        6,
        "statistic.withn_days",
        "did you mean within_days?",
    ),
    "two statistics": (
        "{within_days: 10}",
        "{within_days: 10, p90: {}}",
        6,
        "statistic",
        "write one of median",
    ),
    "an unknown measure": (CLOCK, "  measure: {shares: {of: 'TRUE'}}\n", 5, "measure.shares", "mean share?"),
    "a measure that lacks a part": (CLOCK, "  measure: {share: {}}\n", 5, "measure.share.of", "is required"),
    "a clock without a statistic": ("  statistic: {within_days: 10}\n", "", 1, "share", "go together"),
    "a clock of an unknown column": (
        "ends: decided_on",
        "ends: desided_on",
        5,
        "clock.ends",
        "mean decided_on?",
    ),
    "a clock of instants in days": ("ends: decided_on", "ends: first_decided_at", 5, "clock.ends", "in _on"),
    "placed by no day": (
        "cohort: reported_on",
        "cohort: outcome",
        7,
        "placed_by.cohort",
        "here a day is needed",
    ),
    "an unknown basis": (
        "cohort: reported_on",
        "month: reported_on",
        7,
        "placed_by.month",
        "there is no such key",
    ),
    "an unknown unit": ("unit: share", "unit: percent", 8, "unit", "no unit of within_days; there are share"),
    "a wrong direction": ("direction: 1", "direction: up", 9, "direction", "1, -1 or 0"),
    "a change of what is not there": (
        *(DECIDED, "claim_opn_count: {minimum: 3}\n", 1, "claim_opn_count", "did you mean claim_open_count?"),
    ),
    "a minimum below 1": (
        *(
            DECIDED,
            "claim_open_count: {minimum: 0}\n",
            1,
            "claim_open_count.minimum",
            "greater than or equal to 1",
        ),
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_own_kpis_are_refused_with_file_line_and_key(tmp_path: Path, wrong: str) -> None:
    before, after, line, key, reason = WRONG[wrong]
    assert before in DECIDED
    found = told(tmp_path, DECIDED.replace(before, after))
    assert len(found) == 1, found
    assert f"own.yml:{line}: " in found[0] if line else "own.yml: " in found[0], found
    assert f"{key}: " in found[0] and reason in found[0], found


def test_a_code_in_two_files_and_a_change_told_twice_are_refused(tmp_path: Path) -> None:
    project(tmp_path, DECIDED + "claim_open_count: {minimum: 7}\n")
    (tmp_path / "kpis" / "own_too.yml").write_text(DECIDED, encoding="utf-8")
    first, second = told(
        tmp_path, DECIDED + "claim_open_count: {minimum: 7}\n", "kpis: {claim_open_count: {minimum: 8}}\n"
    )
    assert "own.yml:21: claim_open_count: stands in the project file as well" in first
    assert "own_too.yml:1: claims_decided_within_10_days_share: stands in" in second


def test_another_definition_under_a_published_version_is_refused(tmp_path: Path) -> None:
    found = project(tmp_path, DECIDED)
    with Store(Folder(tmp_path / "warehouse")) as store:
        at = datetime(2025, 6, 2, tzinfo=UTC)
        keep_specifications(store, OWN_KPIS, own_kpi_rows(found.settings.own_kpis), at)

        def refused(kpis: str) -> list[str]:
            return refusals(redefinitions_kept(project(tmp_path, kpis), store), [])

        assert refused(DECIDED) == []
        assert refused(DECIDED.replace("Claims decided within 10 days", "Decided in 10 days")) == []
        changed = DECIDED.replace("{within_days: 10}", "{within_days: 15}")
        (told_once,) = refused(changed)
        assert (
            "own.yml:1: claims_decided_within_10_days_share.version: was published as version 1" in told_once
        )
        assert '(statistic: {"within_days": 10}, now {"within_days": 15})' in told_once
        assert "policypulse run --accept claims_decided_within_10_days_share" in told_once
        assert refused(changed.replace("  minimum:", "  version: 2\n  minimum:")) == []
