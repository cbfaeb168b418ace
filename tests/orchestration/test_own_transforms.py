"""Polars transforms of a module of the user's environment: they join the graph, keep the law, or are refused."""

import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from own_project import PROJECT, project

from orchestration.catalogue_rows import source_file
from orchestration.checks import checks
from orchestration.launch import by_hand
from orchestration.laws import tried
from orchestration.models import models
from orchestration.project import Project, ProjectError, read_project
from orchestration.project_check import problems
from orchestration.remaking import MANY_KEYS, NotAsRebuilt
from orchestration.session import opened
from warehouse.folder import Folder
from warehouse.store import Store

MODULE = '''\
"""Tables of the house."""

import polars as pl

from transforms.core.complaints import complaints
from transforms.model import transform


@transform(
    writes="core.first_answers",
    reads={"cases": "core.complaints"},
    keys=("complaint_id",),
    grain=("complaint_id",),
    columns={
        "complaint_id": (pl.String, "The complaint."),
        "waited_days": (pl.Int32, "Calendar days until the first response."),
    },
)
def first_answers(cases: pl.LazyFrame) -> pl.LazyFrame:
    """One row per complaint that was answered."""
    waited = (pl.col("first_response_on") - pl.col("received_on")).dt.total_days()
    return cases.select("complaint_id", waited_days=waited).drop_nulls()
'''
NAME = "tables_of_the_house"
NIGHTS = """
insurer: Example
index: {{frameworks: []}}
only: {{tables: [{table}]}}
transforms: {module}
feeds:
  complaints:
    - files: "day*.csv"
      columns: {{complaint_id: id, received_on: day, closed_on: end, category: why}}
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A project whose environment has the module in the folder `lib`."""

    def write(text: str, name: str = NAME) -> Project:
        (tmp_path / "lib").mkdir()
        (tmp_path / "lib" / f"{NAME}.py").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path / "lib"))
        return project(tmp_path, {"policypulse.yml": f"{PROJECT}transforms: {name}\n"})

    yield write
    sys.modules.pop(NAME, None)


def test_an_own_transform_joins_the_graph_and_keeps_the_law(written) -> None:
    found = written(MODULE)
    assert problems(found) == []
    node = models(found.own)["core.first_answers"]
    assert (node.reads, node.path.name) == (("core.complaints",), f"{NAME}.py")
    assert source_file(node, found.own) == f"{NAME}.py"
    assert ("core.first_answers", "grain_unique") in {(c.table, c.name) for c in checks(found.own)}
    (result,) = tried(found)
    assert result.broken is None
    assert result.seen.endswith("rows of 20 drawn inputs, divided by complaint_id")
    assert not result.seen.startswith("0 ")


def test_a_transform_that_looks_at_other_keys_breaks_the_law(written) -> None:
    found = written(MODULE.replace("waited_days=waited", "waited_days=waited - waited.min()"))
    assert problems(found) == []
    (result,) = tried(found)
    assert result.broken and f"{NAME}.py:9: core.first_answers breaks the law of keys" in result.broken


REMEMBERING = '''\
import polars as pl

from transforms.model import Memory, transform


@transform(
    writes="core.category_sizes",
    reads={"cases": "core.complaints"},
    keys=(),
    grain=("category",),
    columns={
        "category": (pl.String, "The category."),
        "n": (pl.UInt32, "Complaints of it."),
        "made_of": (pl.UInt64, "Digest of what it was counted from."),
    },
    remembers=Memory("made_of"),
)
def category_sizes(cases: pl.LazyFrame, kept: pl.LazyFrame) -> pl.LazyFrame:
    """One row per category of complaints."""
    found = cases.group_by("category").agg(
        n=pl.len(), made_of=pl.struct("category", "complaint_id").hash().sum()
    )
    again = found.join(kept, on="made_of", how="anti")
    return pl.concat([kept.join(found, on="made_of", how="semi").select("category", "n", "made_of"), again])
'''


def test_a_transform_that_remembers_what_has_changed_since_breaks_the_law_of_memory(written) -> None:
    sound = written(REMEMBERING)
    (result,) = tried(sound)
    assert result.broken is None
    sys.modules.pop(NAME)
    module = Path(sys.path[0]) / f"{NAME}.py"
    module.write_text(REMEMBERING.replace("hash().sum()", "hash().max()"))
    (result,) = tried(read_project(sound.folder))
    assert result.broken
    assert "core.category_sizes breaks the law of memory: with rows that it made before" in result.broken


def test_what_a_transform_remembers_is_given_back_and_a_part_is_made_anew_to_see_that_it_may(
    written, tmp_path
) -> None:
    folder = written(REMEMBERING).folder
    (folder / "policypulse.yml").write_text(NIGHTS.format(module=NAME, table="core.category_sizes"))
    rows = [f"C{n},2025-01-02,2025-01-03,K{n % 200}" for n in range(400)]
    first, later = date(2025, 6, 2), [date(2025, 6, 2) + timedelta(days) for days in range(1, 70)]

    def night(day: date, *more: str) -> None:
        (folder / f"day{day}.csv").write_text("\n".join(["id,day,end,why", *more, ""]))
        with opened(by_hand(read_project(folder), day), lambda told: None) as session:
            session.land(["complaints"])
            for table in session.tables:
                session.make(table)

    def on_build(sql: str) -> list[tuple]:
        with Store(Folder(folder / "warehouse")) as store:
            return store.con.execute(sql).fetchall()

    night(first, *rows)
    digests = [digest for (digest,) in on_build("SELECT made_of FROM core.category_sizes")]
    parts = dict(
        pl.DataFrame({"digest": digests}).select("digest", part=pl.struct("digest").hash() % 64).rows()
    )
    # A category whose turn comes, and one whose turn has not come by then.
    day = next(day for day in later if day.toordinal() % 64 in parts.values())
    looked_at = next(digest for digest, part in parts.items() if part == day.toordinal() % 64)
    before = next(day_before for day_before in later if day_before.toordinal() % 64 != parts[looked_at])
    on_build(f"UPDATE core.category_sizes SET n = 77 WHERE made_of = {looked_at}")
    night(before, "C900,2025-01-02,2025-01-03,new")
    sizes = on_build("SELECT n, count(*) FROM core.category_sizes GROUP BY ALL ORDER BY ALL")
    assert sizes == [(1, 1), (2, 199), (77, 1)]
    with pytest.raises(
        NotAsRebuilt, match=r"core\.category_sizes: .* and 1 of \d+ keys are not, as category K"
    ):
        night(day, "C901,2025-01-02,2025-01-03,newer")
    night(day, "C901,2025-01-02,2025-01-03,newer")
    sizes = on_build("SELECT n, count(*) FROM core.category_sizes GROUP BY ALL ORDER BY ALL")
    assert sizes == [(1, 2), (2, 200)]


MONTHLY = MODULE.replace("(cases: pl.LazyFrame)", "(cases: pl.LazyFrame, as_of)").replace(
    "waited_days=waited", "waited_days=waited + as_of.month"
)


def test_what_moves_with_the_month_is_made_once_in_it(written) -> None:
    folder = written(MONTHLY).folder
    mapped = NIGHTS.format(module=NAME, table="core.first_answers").replace(
        "received_on: day", "received_on: day, first_response_on: day"
    )
    (folder / "policypulse.yml").write_text(mapped)
    rows = [f"C{n},2025-01-02,2025-01-03,K" for n in range(100)]
    (folder / "day.csv").write_text("\n".join(["id,day,end,why", *rows, ""]))

    def night(day: date) -> tuple[str, int, int]:
        """Why the table was made whole, how many rows changed, and what one says."""
        with opened(by_hand(read_project(folder), day), lambda told: None) as session:
            session.land(["complaints"])
            for table in session.tables:
                session.make(table)
            remade = session.remade["core.first_answers"]
            said = session.rows("SELECT DISTINCT waited_days FROM core.first_answers").item()
            return remade.why_whole, remade.rows_changed or 0, said

    assert night(date(2025, 6, 3))[2] == 6
    assert night(date(2025, 6, 4)) == night(date(2025, 6, 29)) == ("", 0, 6)
    # Whoever sleeps over the end of the month has it, too; and what then was asked holds for the month.
    assert night(date(2025, 7, 2)) == (MANY_KEYS, 0, 7)
    assert night(date(2025, 7, 3)) == night(date(2025, 7, 30)) == ("", 0, 7)
    assert night(date(2025, 8, 1)) == (MANY_KEYS, 0, 8)
    assert night(date(2025, 8, 2)) == ("", 0, 8)


def test_a_transform_that_depends_on_the_day_of_the_week_breaks_the_law_of_the_clock(written) -> None:
    moody = MODULE.replace("(cases: pl.LazyFrame)", "(cases: pl.LazyFrame, as_of)").replace(
        "waited_days=waited", "waited_days=waited + (as_of.weekday() == 5)"
    )
    found = written(moody)
    assert problems(found) == []
    (result,) = tried(found)
    assert result.broken and f"{NAME}.py:9: core.first_answers breaks the law of the clock" in result.broken


RETURNED = '    return cases.select("complaint_id", waited_days=waited).drop_nulls()'
ROW = "    return pl.LazyFrame({'complaint_id': ['x'], 'waited_days': [1]})"
# What is written wrong: what stands there and what for it, the line told and what is said.
WRONG = {
    "a module that raises": ("import polars", "import polar\nimport polars", 3, "ModuleNotFoundError: No module named"),
    "a module that does not parse": ("def first", "def def first", 19, "SyntaxError"),
    "a module without transforms": ("@transform(", "dict(", 1, "declares no @transform function"),
    "a grain that is no column": ('grain=("complaint_id",)', 'grain=("id",)', 9, "grain names ['id']"),
    "a day of no frame of its": ('grain=("', 'known_on={"x": "on"}, grain=("', 9, "known_on or takes names ['x']"),
    "a name that hides ours": ("core.first_answers", "core.claims", 9, "core.claims is made already"),
    "a table that is not ours to write": ("core.first_answers", "kpi.answers", 9, "writes core.<table> or marts"),
    "a table that is not there": ('"core.complaints"}', '"core.complants"}', 9, "did you mean core.complaints?"),
    "no docstring": ('    """One row per complaint that was answered."""\n', "", 9, "no description"),
    "a column without words": ("The complaint.", "", 9, "column complaint_id has no description"),
    "a frame that it does not read": ("cases: pl", "case: pl", 9, "asks for case, which is not among"),
    "a column that is not there": ("first_response_on", "first_answer_on", 9, "ColumnNotFoundError"),
    "a column that it does not make": ("waited_days=waited", "waited=waited", 9, "ColumnNotFoundError"),
    "rows out of nothing": (RETURNED, ROW, 9, "makes 1 rows of"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_own_transforms_are_refused_with_file_and_line(written, wrong: str) -> None:
    old, new, line, reason = WRONG[wrong]
    told = problems(written(MODULE.replace(old, new)))
    assert len(told) == 1, told
    assert f"{NAME}.py:{line}: " in told[0], told
    assert reason in told[0]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "tables_of_nowhere",
            "there is no Python module 'tables_of_nowhere' in this environment; install it",
        ),
        ("nowhere.tables", "'nowhere.tables' cannot be found"),
        ("transforms.core.claims", "is a module of policypulse"),
    ],
)
def test_a_module_that_is_not_there_or_not_theirs_is_refused_by_its_key(
    written, name: str, reason: str
) -> None:
    with pytest.raises(ProjectError, match=rf"line 5: transforms: .*{reason}"):
        written(MODULE, name)
