"""Tables that a project adds by a file of its own: they join the graph, or are refused with file and line."""

from pathlib import Path

import pytest

from orchestration.models import models
from orchestration.own_files import NONE
from orchestration.project import Project, read_project
from orchestration.project_check import problems

PROJECT = """
insurer: Example
index: {frameworks: []}
feeds: {complaints: {files: c.csv, columns: {complaint_id: id, received_on: day}}}
"""
FACT = """\
/*
Complaints by telephone.
grain: complaint_id
owner: complaints
*/
SELECT
    complaint_id,  -- The complaint.
    received_on,  -- Day it came.
    org_unit  -- Responsible unit.
FROM core.complaints
WHERE channel = 'telephone'
"""
MART = """\
/*
Complaints by telephone, a branch.
grain: org_unit
owner: complaints
example:
    SELECT * FROM marts.calls ORDER BY calls DESC
*/
SELECT
    org_unit,  -- Responsible unit.
    count(*) AS calls  -- Complaints by telephone.
FROM core.calls
GROUP BY org_unit
"""


def project(folder: Path, **files: str) -> Project:
    """A project of one feed with own files, by schema and name: `core__calls`."""
    (folder / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    (folder / "c.csv").write_text("id,day\n", encoding="utf-8")
    for name, text in files.items():
        path = folder / "models" / f"{name.replace('__', '/')}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_project(folder)


def test_own_models_join_the_graph_after_what_they_read(tmp_path: Path) -> None:
    found = project(tmp_path, core__calls=FACT, marts__calls=MART)
    assert problems(found) == []
    order = list(models(found.own))
    assert order.index("core.complaints") < order.index("core.calls") < order.index("marts.calls")
    assert set(order) == {*models(), "core.calls", "marts.calls"}


def test_a_project_without_own_files_has_the_graph_of_the_installation(tmp_path: Path) -> None:
    found = project(tmp_path)
    assert found.own is NONE
    assert models(found.own) is models(found.own)


WRONG = {
    "SQL that does not parse": ("core__calls", FACT.replace("FROM", "FORM"), 10, "does not parse"),
    "no SELECT": ("core__calls", "DROP TABLE core.claims", 1, "a model is one SELECT"),
    "no description": ("core__calls", FACT.replace("Complaints by telephone.\n", ""), 1, "no description"),
    "no grain": ("core__calls", FACT.replace("grain: complaint_id\n", ""), 1, "no grain"),
    "a grain that is no column": ("core__calls", FACT.replace("grain: c", "grain: no_c"), 1, "grain names"),
    "an unknown table": ("core__calls", FACT.replace("core.complaints", "core.complaint"), 10, "mean core.complaints?"),
    "an unknown column": ("core__calls", FACT.replace("WHERE channel", "WHERE chanel"), 11, '"channel"'),
    "an unknown function": ("marts__calls", MART.replace("count(*)", "howmany()"), 10, "howmany does not exist"),
    "a wrong type": ("core__calls", FACT.replace("channel =", "channel + 1 ="), 11, "No function matches"),
    "an aggregate of a row": ("core__calls", FACT.replace("channel =", "count(*) > 1 AND channel ="), 11, "aggregates"),
    "a column without comment": ("core__calls", FACT.replace("  -- Day it came.", ""), 8, "received_on has no comment"),
    "a column that stands twice": ("core__calls", FACT.replace("received_on", "org_unit"), 9, "org_unit stands twice"),
    "a star in a mart": ("marts__calls", MART.replace("count(*) AS calls", "*"), 9, "SELECT *"),
    "a star in a fact": ("core__calls", FACT.replace("received_on,", "*,"), 1, "SELECT *"),
    "a mart without example": ("marts__calls", MART.split("example:")[0] + MART[MART.index("*/") :], 1, "no example"),
    "an example that cannot run": ("marts__calls", MART.replace("ORDER BY calls", "ORDER BY cals"), 6, '"calls"'),
    "a fact of KPIs": ("core__calls", FACT.replace("core.complaints", "kpi.monthly"), 1, "make this a mart"),
    "a name that hides ours": ("core__claims", FACT, 1, "core.claims is made already"),
    "a schema that is not for models": ("kpi__calls", FACT, 1, "stand in models/core"),
    "a file name that is none of a table": ("core__Our calls", FACT, 1, "in snake_case"),
    "a circle": ("core__calls", FACT.replace("core.complaints", "core.calls"), 10, "in a circle"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_own_models_are_refused_with_file_and_line(tmp_path: Path, wrong: str) -> None:
    name, text, line, reason = WRONG[wrong]
    files = {"core__calls": FACT, "marts__calls": MART} if name == "marts__calls" else {}
    told = problems(project(tmp_path, **{**files, name: text}))
    assert len(told) == 1, told
    assert f"{name.replace('__', '/')}.sql:{line}: " in told[0]
    assert reason in told[0]


def test_all_wrong_files_are_told_at_once_and_what_reads_them_is_not_one(tmp_path: Path) -> None:
    told = problems(
        project(
            tmp_path,
            core__calls=FACT.replace("grain: complaint_id\n", ""),
            core__letters=FACT.replace("core.complaints", "core.leters"),
            marts__calls=MART,
        )
    )
    assert sorted(line.rpartition("models/")[2].partition(":")[0] for line in told) == [
        "core/calls.sql",
        "core/letters.sql",
    ]
