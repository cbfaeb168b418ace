"""Ready-made indicators: their records are as those of any KPI, and a year is one record."""

from datetime import date

import pytest

from orchestration.project import ProjectError
from orchestration.project_check import problems
from tests.core.test_indicator_values import AS_OF, SETTINGS, delivered
from tests.own_project import project
from transforms.kpi.indicators import indicator_records
from transforms.kpi.registry import registry
from transforms.measures.records import GRAIN, RECORD

DECLARED = "{title: Upheld, unit: share, direction: -1, source: Ombudsman}"


def test_a_value_becomes_a_record_with_its_status() -> None:
    values = delivered(
        {"indicator": "upheld", "period": "2024", "numerator": 30, "denominator": 100, "n": 100},
        {"indicator": "upheld", "period": "2024-12", "value": 0.3, "n": 29},
        {"indicator": "upheld", "period": "2025", "value": 0.3, "n": 100},
        {"indicator": "upheld", "period": "2022", "value": 87},
        {"indicator": "growth", "period": "2024", "value": -1.5},
    )
    found = indicator_records(values.lazy(), SETTINGS, AS_OF).sort("kpi", "period").collect()
    assert found.schema == {name: dtype for name, (dtype, _) in {**RECORD, **GRAIN}.items()}
    assert found.select("kpi", "grain", "period", "basis", "value", "n", "status", "direction").rows() == [
        ("growth", "year", date(2024, 1, 1), "stock", -1.5, None, "ok", 1),
        ("upheld", "year", date(2024, 1, 1), "period", 0.3, 100, "ok", -1),
        ("upheld", "month", date(2024, 12, 1), "period", 0.3, 29, "low_n", -1),
        ("upheld", "year", date(2025, 1, 1), "period", None, 100, "immature", -1),
    ]
    assert {kpi.code for kpi in registry(SETTINGS)} - {kpi.code for kpi in registry()} == {"upheld", "growth"}


def test_a_value_that_its_source_marks_as_not_to_be_used_is_withheld() -> None:
    values = delivered(
        {"indicator": "upheld", "period": "2024", "numerator": 30, "denominator": 100, "mark": "u"},
        {"indicator": "upheld", "period": "2023", "value": 0.2, "mark": "provisional"},
    )
    found = indicator_records(values.lazy(), SETTINGS, AS_OF).sort("period").collect()
    assert found.select("value", "numerator", "status").rows() == [
        (0.2, None, "ok"),
        (None, None, "suppressed"),
    ]


def test_indicators_of_files_join_those_of_the_project_file(tmp_path) -> None:
    found = project(tmp_path, {"indicators/ombudsman.yml": f"upheld: {DECLARED}\n"})
    assert found.settings.indicators["upheld"].title == "Upheld"
    assert problems(found) == []


def test_an_indicator_does_not_hide_a_kpi(tmp_path) -> None:
    found = project(tmp_path, {"indicators/a.yml": f"upheld: {DECLARED}\nclaim_paid_share: {DECLARED}\n"})
    assert problems(found) == [
        f"{tmp_path}/indicators/a.yml:2: claim_paid_share: this KPI is computed from cases; "
        "give the indicator another code"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "upheld: {title: Upheld, unit: percent, direction: -1, source: O}",
            ":1: upheld.unit: input should be",
        ),
        ("upheld: {unit: share, direction: -1, source: O}", ":1: upheld.title: is required"),
        ("up held: {title: U, unit: share, direction: -1, source: O}", "string should match pattern"),
        ("a: {title: U, unit: share, direction: -1, source: O, minmum: 3}", "a.minmum: there is no such key"),
        (f"upheld: {DECLARED}\nupheld: {DECLARED}", "upheld"),
        ("- upheld", "input should be a valid dictionary"),
    ],
)
def test_a_wrong_declaration_is_told_with_file_and_line(tmp_path, text: str, told: str) -> None:
    with pytest.raises(ProjectError, match=r"indicators/a\.yml") as error:
        project(tmp_path, {"indicators/a.yml": text})
    assert told in str(error.value)


def test_one_code_is_declared_once(tmp_path) -> None:
    with pytest.raises(ProjectError, match=r"b\.yml:1: upheld: is declared already"):
        project(tmp_path, {f"indicators/{name}.yml": f"upheld: {DECLARED}\n" for name in "ab"})
