"""Every class of message that users see, one sample each: what is wrong, where, what to do; said once, no traceback.

A new class of error has to be added to SAMPLES or to TOLD_ELSEWHERE, with the test that reads it.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, policypulse

from orchestration.cli import main
from warehouse.folder import Folder, locked

FEED = "  complaints: {files: c.csv, columns: {complaint_id: id, received_on: day}}"
FRAMEWORK = """code: own
version: 1
title: Own
source: House
index: {title: Own, children: {one: {title: One, kpi: complaint_on_time_share, goalposts: {worst: 0, best: 1}}}}
"""
PACK = """code: house
title: House
authority: House
definitions: {complaints: {unclassified: simple}}
kpis: [{kpi: complaint_on_time_share, rule: on time, evidence: own_reading}]
"""
SUITE = """expectations:
  - name: has_rows
    description: Nothing came.
    severity: warning
    type: expect_table_row_count_to_be_between
    kwargs: {min_value: 1}
"""


@dataclass(frozen=True)
class Sample:
    """A mistake in a project of its own (files by name) and the command that meets it, and what it must say."""

    what: str
    where: str
    advice: str
    files: dict[str, str | bytes]
    command: tuple[str, ...] = ("check",)
    status: int = 2


def project(more: str = "", feed: str = FEED) -> str:
    return f"insurer: Example\nas_of: 2025-06-30\n{more}feeds:\n{feed}\n"


def mistake(text: str, what: str, where: str, advice: str, **files: str | bytes) -> Sample:
    named = {name.replace("_yml", ".yml"): content for name, content in files.items()}
    return Sample(what, where, advice, {"policypulse.yml": text, **named})


OWN = project("index: {frameworks: [own.yml]}\n")
HOUSE = project("packs: [house.yml]\n")
GOOD = {"policypulse.yml": project(), "c.csv": "id,day\nK1,2025-05-02\n"}
SAMPLES = {
    "no project file": Sample("there is no policypulse.yml", "policypulse.yml cannot", "policypulse init", {}),
    "not YAML": mistake("a: [1\n", "not YAML", "line 2", "expected"),
    "not UTF-8": Sample("not UTF-8", "line 1", "save the file as UTF-8", {"policypulse.yml": b"insurer: Caf\xe9\n"}),
    "key twice": mistake(project("months: 3\nmonths: 4\n"), "stands twice", "line 4: months", "on line 3"),
    "unknown key": mistake(project("monhts: 3\n"), "there is no such key", "yml:3: monhts", "there is no such key"),
    "value out of range": mistake(project("months: 0\n"), "greater than or equal to 1", "yml:3: months", "1"),
    "market": mistake(project("market: {complaints: 3}\n"), "is a feed now", "market:", "deliver market_values"),
    "nobody to tell": mistake(project("notify: {to: [{}]}\n"), "url_file", "yml:3: notify.to", "write url_env"),
    "target of no KPI": mistake(
        project("targets: [{kpi: complaint_on_time_shar, target: 1}]\n"),
        "there is no KPI complaint_on_time_shar",
        "yml:3: targets",
        "did you mean complaint_on_time_share",
    ),
    "target twice": mistake(
        project("targets:\n- {kpi: complaint_on_time_share, target: 1}\n- {kpi: complaint_on_time_share, target: 2}\n"),
        "of the same segment and year",
        "targets.1",
        "leave one of them out",
    ),
    "time zone": mistake(
        project("time_zone: Mars/Olympus\n"), "unknown time zone", "policypulse.yml:3: time_zone", "Europe/Berlin"
    ),
    "environment": mistake(project("data: ${NOWHERE_SET}\n"), "is not set", "data", "variable NOWHERE_SET"),
    "calendar": mistake(project("calendar: ZZ\n"), "no working calendar is known", "calendar:", "GB-ENG"),
    "unknown feed": mistake(
        project(feed="  complaint: {files: c.csv, columns: {id: id}}"), "unknown feed", "complaint", "complaints"
    ),
    "unmapped key": mistake(
        project(feed="  complaints: {files: c.csv, columns: {complaint_id: id}}"),
        "received_on is not mapped", "policypulse.yml:4: feeds.complaints[0].columns", "name the column",
    ),
    "no key file": mistake(
        project(feed=FEED.replace("day}}", "day, customer_id: who}}")),
        "no key file", "pseudonyms.key_file", "64 random hexadecimal digits",
    ),
    "no such framework": mistake(OWN, "neither a file nor one of", "index.frameworks.0", "life_default"),
    "framework": mistake(
        OWN, "is required", "own.yml: line 5, index.children.one.goalposts", "required by normalisation goalposts",
        own_yml=FRAMEWORK.replace(", goalposts: {worst: 0, best: 1}", ", normalisation: goalposts"),
    ),
    "KPI of a framework": mistake(
        OWN, "there is no KPI", "own.yml: line 5", "did you mean complaint_on_time_share",
        own_yml=FRAMEWORK.replace("on_time", "in_time"),
    ),
    "parent of a framework": mistake(
        OWN, "there is no framework 'other'", "own.yml: line 2, parent", "known: ", own_yml="code: own\nparent: other\n"
    ),
    "version of a framework": mistake(
        project("index: {frameworks: [own.yml, own.yml]}\n"), "own has version 1 twice", "index.frameworks",
        "another version", own_yml=FRAMEWORK,
    ),
    "no such pack": mistake(HOUSE, "neither a file nor one of", "packs.0", "uk_disp"),
    "pack": mistake(HOUSE, "own_reading", "house.yml", "evidence", house_yml=PACK.replace("own_reading", "hearsay")),
    "KPI of a pack": mistake(
        HOUSE, "there is no KPI", "packs.0: house.yml: kpis.0", "did you mean complaint_on_time_share",
        house_yml=PACK.replace("on_time", "in_time"),
    ),
    "pack against project": mistake(
        project("packs: [house.yml]\ncomplaints: {unclassified: complex}\n"), "sets complaints.unclassified", "packs.0",
        "the project file sets it to complex", house_yml=PACK,
    ),
    "own model": Sample(
        "core.complaint, which is neither", "models/core/calls.sql:5", "did you mean core.complaints?",
        GOOD | {"models/core/calls.sql": "/*\nCalls. \ngrain: id\n*/ SELECT 1 AS id -- One.\nFROM core.complaint\n"},
    ),
    "own check": Sample(
        "there is no table core.complaint to check", "core/complaint.yml:1", "did you mean core.complaints?",
        GOOD | {"expectations/core/complaint.yml": SUITE},
    ),
    "own module": mistake(
        project("transforms: nowhere_tables\n"), "there is no Python module", "yml:3: transforms", "install it beside",
    ),
    "nothing published": Sample(
        "Nothing is published yet", "current.duckdb", "policypulse run", GOOD, ("query", "SELECT 1"), 1
    ),
    "version to go back to": Sample(
        "Nothing is published yet", "current.duckdb", "policypulse run", GOOD, ("rollback",), 1
    ),
    "backup": Sample(
        "is no backup", "warehouse", "policypulse backup", GOOD | {"warehouse/notes.txt": "mine"},
        ("restore", "warehouse"), 1,
    ),
    "published file": Sample(
        "cannot be used", "current.duckdb", "policypulse run", GOOD | {"warehouse/current.duckdb": "no database"},
        ("query", "SELECT 1"), 1,
    ),
    "folder": Sample(
        "is no folder", ":3: warehouse:", "name another",
        GOOD | {"policypulse.yml": project("warehouse: c.csv\n")}, ("run",),
    ),
    "page": Sample(
        "No such file or directory", "nowhere/pages", "its folder exists", GOOD,
        ("dictionary", "--out", "nowhere/pages"),
    ),
}  # fmt: skip
# Messages of a run, which takes its time: more than one in a run, or by the tests of their room.
# The test that reads the message of an error, and words by which it is found there.
TOLD_ELSEWHERE = {
    "EngineFailed": ("tests/orchestration/test_spark.py", "EngineFailed, match"),
    "CannotRotate": ("tests/test_forgetting.py", "has its name"),
    "NobodyToForget": ("tests/test_forgetting.py", "no key of pseudonyms"),
    "DiskRefuses": ("tests/warehouse/test_refused.py", "make room on its disk"),
    "CannotAnswer": ("tests/orchestration/test_mcp.py", "there is no KPI"),
    "CannotAdd": ("tests/orchestration/test_first_mapping.py", "feeds.complaints is mapped already"),
    "CalendarGap": ("tests/orchestration/test_calendar.py", "said.text"),
    "LandingZoneDamaged": ("tests/warehouse/test_store.py", "LandingZoneDamaged, match"),
    "BuildDamaged": ("tests/warehouse/test_store.py", "BuildDamaged, match"),
    "NotAsRebuilt": ("tests/orchestration/test_remaking.py", "NotAsRebuilt, match"),
    "LaterFormat": ("tests/warehouse/test_formats.py", "LaterFormat, match"),
    "NotOurs": ("tests/orchestration/pages/test_pages.py", "something else"),
    "NoSuchVersion": ("tests/warehouse/test_publish.py", "NoSuchVersion, match"),
    "NothingToWithdraw": ("tests/warehouse/landing/test_deliveries.py", "NothingToWithdraw, match"),
    "Blocked": ("tests/test_whole_run.py", "blocked by core.claims"),
    "UnknownWeights": ("tests/orchestration/test_frozen_weights.py", "told.text"),
    "CannotExport": ("tests/orchestration/test_export.py", "there is no published table"),
    "TooManySegments": ("tests/measures/test_cuts.py", "TooManySegments, match"),
}
TOLD_HERE = {
    "ProjectError",
    "YamlError",
    "PackError",
    "FrameworkError",
    "LandingError",
    "WarehouseBusy",
    "NoBackup",
}
TOLD_HERE |= {"ModelError", "SuiteError", "OwnFileError"}
# What one module tells another, which makes a LandingError, a reject or a line of `check` of it.
OF_MODULES = {
    "MixedLineEnds",
    "LinesLost",
    "NotWhole",
    "KpiFileError",
    "OwnKpiError",
    "ExpressionError",
}
# A check that cannot be carried out although its file is sound, told by the tests of checks.
OF_DEVELOPERS = {"CheckError"}


def written(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Status and console of a command in the folder of the test, in this process."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["policypulse", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out = capsys.readouterr()
        return ended.value.code, out.out + out.err

    return run


def assert_for_people(text: str, what: str, where: str, advice: str) -> None:
    assert "Traceback" not in text
    assert text.count(what) == 1, f"not once: {what}\n{text}"
    assert where in text
    assert advice in text
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert len(lines) == len(set(lines)), "a line stands twice"


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_mistake_is_told_once_with_place_and_way(tmp_path: Path, told, sample: Sample):
    written(tmp_path, sample.files)
    status, text = told(*sample.command)
    assert status == sample.status, text
    assert_for_people(text, sample.what, sample.where, sample.advice)


def test_what_a_run_cannot_land_is_told_once_and_the_rest_lands(tmp_path: Path):
    feeds = """
  complaints:
    - {files: c.csv, columns: {complaint_id: id, received_on: day}}
    - {files: other.csv, columns: {complaint_id: id, received_on: day}}
    - {files: bad.csv, columns: {complaint_id: id, received_on: day}}
"""
    files = {
        "policypulse.yml": project(feed=feeds.strip("\n")),
        "other.csv": "number,day\nK2,2025-05-02\n",
        "bad.csv": "id,day\nK3,yesterday\nK4,2025-05-04\n",
    }
    ended = policypulse("run", "--project", written(tmp_path, GOOD | files))
    assert ended.status == 1, ended.text
    assert_for_people(ended.text, "has no column 'id'", "other.csv", "Columns found: number, day")
    assert_for_people(ended.text, "1 of 2 rows", "bad.csv", "max_reject_share")
    assert "line 2, received_on" in ended.text
    assert "No new rows" not in ended.text
    assert re.search(r"complaints +│ +1 │ +1 │ +1 ", ended.text), "the file that landed is told"
    assert "Nothing has been published yet." in ended.text


def test_a_warehouse_in_use_is_told_at_once_with_who_holds_it(tmp_path: Path):
    written(tmp_path, GOOD)
    with locked(Folder(tmp_path / "warehouse")):
        ended = policypulse("run", "--project", tmp_path)
    assert ended.status == 1, ended.text
    assert_for_people(ended.text, "another run holds the warehouse", str(tmp_path), "wait for it to end")


def error_classes() -> Iterator[str]:
    for room in ("transforms", "warehouse", "expectations", "orchestration"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                bases = {base.id for base in getattr(node, "bases", []) if isinstance(base, ast.Name)}
                is_error = isinstance(node, ast.ClassDef) and bases & {
                    "Exception",
                    "ValueError",
                    "RuntimeError",
                }
                # A private one is told by another, in the module that raises it.
                if is_error and not node.name.startswith("_"):
                    yield node.name


def test_every_class_of_error_has_a_test_that_reads_its_message():
    assert set(error_classes()) == TOLD_HERE | TOLD_ELSEWHERE.keys() | OF_MODULES | OF_DEVELOPERS
    for name, (path, words) in TOLD_ELSEWHERE.items():
        assert words in (ROOT / path).read_text(encoding="utf-8"), name
