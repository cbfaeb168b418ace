"""The cuts that a project file asks for, held to the columns that facts have before any data is read."""

from pathlib import Path

import pytest
from own_project import FACT, PROJECT, project

from orchestration.project import ProjectError
from orchestration.project_check import problems

OWN = FACT.replace("    org_unit  --", "    channel AS caller_kind,  -- Who called.\n    org_unit  --")
COUNTED = """\
calls_count:
  title: Calls
  fact: core.calls
  measure: count
  placed_by: {cohort: received_on}
  direction: 0
  source: House rule
  example: {rows: [{received_on: 2025-03-03}, {received_on: 2025-03-04}], value: 2}
"""
FILES = {"models/core/calls.sql": OWN, "kpis/calls.yml": COUNTED}


def told(folder: Path, cuts: str, files: dict[str, str]) -> list[str]:
    return problems(project(folder, {**files, "policypulse.yml": f"{PROJECT}cuts: {cuts}\n"}))


def test_columns_of_texts_of_our_facts_and_own_ones_can_be_cuts(tmp_path: Path) -> None:
    cuts = "[company, claim_type, category, caller_kind, [caller_kind, org_unit], [product_line, region, channel]]"
    assert told(tmp_path, cuts, FILES) == []


NO_TEXTS = "no fact of a KPI has a column of texts"
WRONG = {
    "an unknown column": ("[clam_type]", f"{NO_TEXTS} clam_type; did you mean claim_type? there are "),
    "an own column of a fact that no KPI counts": ("[caller_kind]", f"{NO_TEXTS} caller_kind; "),
    "a column of numbers": ("[paid_amount]", f"{NO_TEXTS} paid_amount"),
    "columns of several facts": (
        *(
            "[[claim_type, category]]",
            "no fact of a KPI has all of claim_type, category; cross columns of one fact",
        ),
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_cut_that_no_fact_has_is_refused(tmp_path: Path, wrong: str) -> None:
    cuts, reason = WRONG[wrong]
    (found,) = told(tmp_path, cuts, {"models/core/calls.sql": OWN})
    assert "policypulse.yml:5: cuts: " in found and reason in found


def test_a_crossed_cut_of_one_column_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"line 5: cuts\.1: write a crossed cut as two or more"):
        told(tmp_path, "[company, [org_unit]]", {})
