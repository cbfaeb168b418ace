"""Tables that a project adds by a file of its own: they join the graph, or are refused with file and line."""

from pathlib import Path

import pytest
from own_project import FACT, MART, project

from orchestration.models import models
from orchestration.own_files import NONE
from orchestration.project import read_project
from orchestration.project_check import problems

BOTH = {"models/core/calls.sql": FACT, "models/marts/calls.sql": MART}


def test_own_models_join_the_graph_after_what_they_read(tmp_path: Path) -> None:
    found = project(tmp_path, BOTH)
    assert problems(found) == []
    order = list(models(found.own))
    assert order.index("core.complaints") < order.index("core.calls") < order.index("marts.calls")
    assert set(order) == {*models(), "core.calls", "marts.calls"}


def test_own_models_may_be_written_on_windows_in_capitals_and_with_rows_made_on_the_way(
    tmp_path: Path,
) -> None:
    fact = FACT.replace("core.complaints", "Core.COMPLAINTS, range(2) AS twice(number)")
    written = {name: text.replace("\n", "\r\n") for name, text in {**BOTH, CALLS: fact}.items()}
    project(tmp_path, {})
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    found = read_project(tmp_path)
    assert problems(found) == []
    assert models(found.own)["core.calls"].reads == ("core.complaints",)


def test_a_project_without_own_files_has_the_graph_of_the_installation(tmp_path: Path) -> None:
    found = project(tmp_path, {})
    assert found.own is NONE
    assert models(found.own) is models(found.own)


CALLS, MART_OF_CALLS, OTHER = "models/core/calls.sql", "models/marts/calls.sql", "models/core/claims.sql"
MORE = {**BOTH, OTHER: FACT, "models/kpi/calls.sql": FACT, "models/core/Our calls.sql": FACT}
EXAMPLE = MART[MART.index("example:") : MART.index("*/")]
# What is written wrong: the file, what stands there and what for it, the line told and what is said.
WRONG = {
    "SQL that does not parse": (CALLS, "FROM", "FORM", 10, "does not parse"),
    "no SELECT": (CALLS, FACT, "DROP TABLE core.claims", 1, "a model is one SELECT"),
    "no description": (CALLS, "Complaints by telephone.\n", "", 1, "no description"),
    "no grain": (CALLS, "grain: complaint_id\n", "", 1, "no grain"),
    "a grain that is no column": (CALLS, "grain: c", "grain: no_c", 1, "grain names"),
    "an unknown table": (CALLS, "core.complaints", "core.complaint", 10, "did you mean core.complaints?"),
    "an unknown column": (CALLS, "WHERE channel", "WHERE chanel", 11, '"channel"'),
    "an unknown function": (MART_OF_CALLS, "count(*)", "howmany()", 10, "howmany does not exist"),
    "a wrong type": (CALLS, "channel =", "channel + 1 =", 11, "No function matches"),
    "an aggregate of a row": (CALLS, "channel =", "count(*) > 1 AND channel =", 11, "aggregates"),
    "a column without comment": (CALLS, "  -- Day it came.", "", 8, "received_on has no comment"),
    "a column that stands twice": (CALLS, "received_on", "org_unit", 9, "org_unit stands twice"),
    "a star in a mart": (MART_OF_CALLS, "count(*) AS calls", "*", 9, "SELECT *"),
    "a star in a fact": (CALLS, "received_on,", "*,", 1, "SELECT *"),
    "a mart without example": (MART_OF_CALLS, EXAMPLE, "", 1, "no example"),
    "an example that cannot run": (MART_OF_CALLS, "ORDER BY calls", "ORDER BY cals", 6, '"calls"'),
    "a fact of KPIs": (CALLS, "core.complaints", "kpi.monthly", 10, "make this a mart"),
    "a name that hides ours": (OTHER, "", "", 1, "core.claims is made already"),
    "a schema that is not for models": ("models/kpi/calls.sql", "", "", 1, "stand in models/core"),
    "a file name that is none of a table": ("models/core/Our calls.sql", "", "", 1, "in snake_case"),
    "a file": (CALLS, "core.complaints", "'c.csv'", 10, "c.csv is no table of the warehouse"),
    "a function that reads": (CALLS, "core.complaints", "read_csv('c.csv')", 10, "is no table of the warehouse"),
    "a circle": (CALLS, "core.complaints", "core.calls", 10, "in a circle"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_own_models_are_refused_with_file_and_line(tmp_path: Path, wrong: str) -> None:
    name, old, new, line, reason = WRONG[wrong]
    told = problems(project(tmp_path, {**(BOTH if name in BOTH else {}), name: MORE[name].replace(old, new)}))
    assert len(told) == 1, told
    assert f"{name}:{line}: " in told[0]
    assert reason in told[0]


def test_all_wrong_files_are_told_at_once_and_what_reads_them_is_not_one(tmp_path: Path) -> None:
    told = problems(
        project(
            tmp_path,
            {
                "models/core/calls.sql": FACT.replace("grain: complaint_id\n", ""),
                "models/core/letters.sql": FACT.replace("core.complaints", "core.leters"),
                "models/marts/calls.sql": MART,
            },
        )
    )
    assert sorted(line.rpartition("models/")[2].partition(":")[0] for line in told) == [
        "core/calls.sql",
        "core/letters.sql",
    ]
