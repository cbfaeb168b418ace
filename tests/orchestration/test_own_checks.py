"""Checks that a project adds by its own files, also on our tables: they add to ours, or are refused with the line."""

from pathlib import Path

import pytest
from own_project import FACT, MART, project

from orchestration.checks import checks
from orchestration.project_check import problems

SUITE = """\
expectations:
  - name: branch_known
    description: A call without a branch is nobody's.
    severity: critical
    type: expect_column_values_to_not_be_null
    kwargs: {column: org_unit}
  - name: calls_come_after_1990
    description: A day before that is a typing error.
    severity: warning
    type: unexpected_rows_expectation
    kwargs:
      unexpected_rows_query: |
        SELECT complaint_id
        FROM {batch}
        WHERE received_on < DATE '1990-01-01'
"""
AUDIT = """\
/*
Every call is a complaint.
severity: critical
tables: core.calls
*/
SELECT complaint_id
FROM {batch}
ANTI JOIN core.complaints USING (complaint_id)
"""
FILES = {
    "models/core/calls.sql": FACT,
    "models/marts/calls.sql": MART,
    "expectations/core/calls.yml": SUITE,
    "audits/calls_are_complaints.sql": AUDIT,
}
ON_OURS = SUITE.replace("    kwargs: {column: org_unit}", "    kwargs: {column: complaint_id}")


def test_own_checks_add_to_ours_and_every_own_table_keeps_its_grain(tmp_path: Path) -> None:
    found = project(tmp_path, {**FILES, "expectations/core/complaints.yml": ON_OURS})
    assert problems(found) == []
    own = [c for c in checks(found.own) if c not in checks()]
    assert {(check.table, check.name, check.severity) for check in own} == {
        ("core.calls", "branch_known", "critical"),
        ("core.calls", "calls_come_after_1990", "warning"),
        ("core.calls", "calls_are_complaints", "critical"),
        ("core.calls", "grain_unique", "critical"),
        ("marts.calls", "grain_unique", "critical"),
        ("core.complaints", "branch_known", "critical"),
        ("core.complaints", "calls_come_after_1990", "warning"),
    }
    assert [c for c in checks(found.own) if c not in own] == list(checks())


def test_a_project_may_check_the_grain_in_its_own_words(tmp_path: Path) -> None:
    own = SUITE.replace("name: branch_known", "name: grain_unique")
    found = project(tmp_path, {**FILES, "expectations/core/calls.yml": own})
    (check,) = (c for c in checks(found.own) if (c.table, c.name) == ("core.calls", "grain_unique"))
    assert check.path.name == "calls.yml"


CALLS, AUDITED = "expectations/core/calls.yml", "audits/calls_are_complaints.sql"
NO_TABLE, OURS = "expectations/core/calles.yml", "expectations/core/complaints.yml"
MORE = {**FILES, NO_TABLE: SUITE, OURS: ON_OURS}
WITHOUT = "    description: A call without a branch is nobody's.\n"
# What is written wrong: the file, what stands there and what for it, the line told and what is said.
WRONG = {
    "bad YAML": (CALLS, "org_unit}", "org_unit", 7, "this is not YAML"),
    "a key that stands twice": (CALLS, "    severity: crit", "    name: x\n    severity: crit", 4, "stands twice"),
    "an unknown key": (CALLS, "    type: expect", "    kind: x\n    type: expect", 5, "kind: there is no such key"),
    "a missing key": (CALLS, WITHOUT, "", 2, "expectations.0.description: is required"),
    "a severity that is none": (CALLS, "critical", "high", 4, "expectations.0.severity"),
    "an unknown expectation": (CALLS, "not_be_null", "not_be_nul", 5, "mean expect_column_values_to_not_be_null?"),
    "a wrong argument": (CALLS, "{column:", "{colum:", 6, "unknown key 'colum'"),
    "a share above 1": (CALLS, "org_unit}", "org_unit, mostly: 95}", 6, "mostly: 95 is no share"),
    "a column that is not there": (CALLS, "column: org_unit", "column: org_units", 2, "did you mean org_unit?"),
    "a query of an unknown column": (CALLS, "WHERE received_on", "WHERE recieved_on", 15, '"received_on"'),
    "a name of ours": (OURS, "branch_known", "outcome_in_set", 2, "has a check 'outcome_in_set' already"),
    "a name that stands twice": (CALLS, "calls_come_after_1990", "branch_known", 7, "'branch_known' already"),
    "a suite of no table": (NO_TABLE, "", "", 1, "did you mean core.calls?"),
    "an audit without header": (AUDITED, "/*", "--", 1, "open the file with a comment"),
    "an audit of no table": (AUDITED, "core.calls", "core.calles", 4, "did you mean core.calls?"),
    "an audit that does not parse": (AUDITED, "ANTI JOIN", "ANTIJOIN ON", 8, "syntax error"),
    "an audit of an unknown column": (AUDITED, "SELECT complaint_id", "SELECT complaint", 6, '"complaint_id"'),
    "an audit of an unknown other table": (AUDITED, "core.complaints", "core.complants", 8, "complants does not exist"),
    "an audit that changes something": (AUDITED, "SELECT", "DELETE", 1, "write a SELECT"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_own_checks_are_refused_with_file_and_line(tmp_path: Path, wrong: str) -> None:
    name, old, new, line, reason = WRONG[wrong]
    told = problems(project(tmp_path, {**FILES, name: MORE[name].replace(old, new)}))
    assert len(told) == 1, told
    assert f"{name}:{line}: " in told[0]
    assert reason in told[0]
