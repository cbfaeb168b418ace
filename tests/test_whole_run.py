"""The whole road, as its users walk it: the console command, the real Dagster job, a real DuckDB file."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest
from conftest import MONTHS, ROOT, policypulse
from own_project import project as project_of_one_feed
from polars.testing import assert_frame_equal

from orchestration.models import models
from warehouse.contract import contracts

ROOMS = ("orchestration", "transforms", "expectations", "warehouse", "simulation")


def tables(file: Path) -> dict[str, pl.DataFrame]:
    """Every table of a published file, rows in a fixed order."""
    with duckdb.connect(str(file), read_only=True) as con:
        names = con.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
        ).fetchall()
        return {
            f"{schema}.{name}": con.sql(f'SELECT * FROM "{schema}"."{name}" ORDER BY ALL').pl()
            for schema, name in names
        }


def current(project: Path) -> Path:
    return (project / "warehouse" / "current.duckdb").resolve()


def test_every_branch_has_an_index_in_every_month(rows):
    scored = rows(
        "SELECT period, segment, index_score FROM marts.scorecard "
        "WHERE cut = 'org_unit' AND framework = 'example_life'"
    )
    branches = rows("SELECT DISTINCT org_unit FROM core.claims")["org_unit"]
    assert scored.height == len(branches) * MONTHS
    assert scored["index_score"].is_between(0, 100).all()
    assert scored["index_score"].null_count() == 0


def test_a_second_run_has_nothing_to_do_and_loads_neither_dagster_nor_great_expectations(insurer):
    before = current(insurer)
    code = (
        "import sys; sys.argv = ['policypulse', 'run', '--project', sys.argv[1]]\n"
        "from orchestration.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: status = end.code\n"
        "heavy = {'dagster', 'great_expectations', 'duckdb', 'polars'} & set(sys.modules)\n"
        "print(status, sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(insurer)], cwd=ROOT, capture_output=True, text=True
    )
    assert "Nothing to do" in done.stdout
    assert done.stdout.strip().endswith("0 []"), done.stdout + done.stderr
    assert current(insurer) == before


def test_a_reader_keeps_its_version_while_the_build_is_lost_and_made_again(insurer, tmp_path):
    """Losing build.duckdb loses nothing: the next run publishes the same tables, number by number."""
    project = tmp_path / "project"
    shutil.copytree(insurer, project, symlinks=True)
    before = current(project)
    reader = duckdb.connect(str(before), read_only=True)
    (project / "warehouse" / "build.duckdb").unlink()
    again = policypulse("run", "--project", project)
    assert again.status == 0, again.text
    assert "No new rows" in again.text
    after = current(project)
    assert after != before
    old, new = tables(before), tables(after)
    assert old.keys() == new.keys()
    for name, frame in old.items():
        assert_frame_equal(frame, new[name])
    assert reader.execute("SELECT count(*) FROM marts.scorecard").fetchall()[0][0] > 0


def test_a_failing_blocking_check_keeps_the_published_version(insurer, tmp_path):
    """A planted check finds a violation: exit status 1, the check named, readers keep what they had."""
    code = tmp_path / "code"
    for room in ROOMS:
        shutil.copytree(ROOT / room, code / room, ignore=shutil.ignore_patterns("__pycache__"))
    planted = code / "expectations" / "audits" / "nothing_is_good_enough.sql"
    planted.write_text(
        "/*\nPlanted: any claim is a violation.\nseverity: critical\ntables: core.claims\n*/\n"
        "SELECT claim_id FROM core.claims\n"
    )
    project = tmp_path / "project"
    shutil.copytree(insurer, project, symlinks=True)
    before = current(project)
    blocked = policypulse("run", "--project", project, code=code)
    assert blocked.status == 1, blocked.text
    assert "blocked by core.claims nothing_is_good_enough" in blocked.text
    assert current(project) == before
    assert policypulse("query", "SELECT 1 AS one", "--project", project).status == 0


def test_a_second_run_on_the_same_warehouse_is_refused_at_once(insurer):
    from warehouse.folder import Folder, locked

    with locked(Folder(insurer / "warehouse")):
        code = (
            "from warehouse.folder import Folder, WarehouseBusy, locked; import sys; from pathlib import Path\n"
            "try:\n  with locked(Folder(Path(sys.argv[1]))): print('held twice')\n"
            "except WarehouseBusy as busy: print(busy)"
        )
        command = [sys.executable, "-c", code, str(insurer / "warehouse")]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    assert "another run holds the warehouse" in said
    assert "process" in said


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("months: ", "mnths: "), "mnths: there is no such key"),
        (("claim_id: CLAIM_NO", "clam_id: CLAIM_NO"), "feeds.claim_events[0].columns.clam_id"),
        (("[example_life.yml,", "[lif_default,"), "index.frameworks.0"),
        (("time_zone: Asia/Shanghai", "time_zone: Asia/Peking"), "unknown time zone 'Asia/Peking'"),
    ],
)
def test_a_wrong_project_file_is_refused_with_the_key(insurer, tmp_path, change, expected):
    text = (insurer / "policypulse.yml").read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / "policypulse.yml").write_text(text.replace(*change), encoding="utf-8")
    shutil.copy(insurer / "pseudonym.key", tmp_path)
    shutil.copy(insurer / "example_life.yml", tmp_path)
    for command in ("check", "run"):
        refused = policypulse(command, "--project", tmp_path)
        assert refused.status == 2, refused.text
        assert expected in refused.text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe\x00broken", "say how the file is written with csv.encoding"),
        (b"what,ever\nB001,North\n", "Columns found: what, ever"),
    ],
    ids=["unreadable", "another header"],
)
def test_a_bad_delivery_stops_the_run_and_says_what_to_do(tmp_path, content, expected):
    """An unreadable file and a missing column: named, with the columns found, and nothing is published."""
    project_of_one_feed(tmp_path, {})
    (tmp_path / "c.csv").write_bytes(content)
    stopped = policypulse("run", "--project", tmp_path)
    assert stopped.status == 1, stopped.text
    assert "c.csv" in stopped.text
    assert expected in " ".join(stopped.text.split())
    assert not (tmp_path / "warehouse" / "current.duckdb").exists()


def test_what_init_writes_runs_once_its_files_are_there(tmp_path):
    """A fresh project says which files it waits for; with a file as it is mapped there, check and run agree."""
    project = tmp_path / "new"
    assert policypulse("init", project).status == 0
    assert policypulse("init", project).status == 2
    assert stat.S_IMODE((project / "pseudonym.key").stat().st_mode) == 0o600
    waiting = policypulse("check", "--project", project)
    assert waiting.status == 2, waiting.text
    assert "feeds.complaints[0].files: no file in" in waiting.text
    (project / "feeds").mkdir()
    rows = [f"{i},20/11/2025,28/11/2025,{'UPNW'[i % 4]},North" for i in range(40)]
    log = "\n".join(["COMPLAINT_NO,RECEIVED,CLOSED,RESULT,BRANCH", *rows])
    (project / "feeds" / "complaints.csv").write_text(log, encoding="utf-8")
    file = project / "policypulse.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("# as_of:", "as_of:"), encoding="utf-8")
    assert policypulse("check", "--project", project).status == 0
    run = policypulse("run", "--project", project)
    assert run.status == 0, run.text
    (project / "pseudonym.key").unlink()
    for command in ("check", "run"):
        (project / "warehouse" / "published.json").unlink(missing_ok=True)
        refused = policypulse(command, "--project", project)
        assert refused.status == 2, refused.text
        assert "pseudonym.key is not there" in refused.text


def test_the_catalogue_describes_every_table_and_column(rows):
    described = rows("SELECT table_name FROM catalog.tables WHERE description <> ''")["table_name"]
    assert set(described) == {*models(), *(f"raw.{feed}" for feed in contracts())}
    undocumented = rows(
        "SELECT table_name, column_name FROM catalog.columns WHERE description = '' AND table_name NOT LIKE 'raw.%'"
    )
    assert undocumented.is_empty(), undocumented
    comments = rows("SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'marts' AND comment IS NULL")
    assert comments.item() == 0
    sources = rows(
        "SELECT DISTINCT source_table FROM catalog.column_lineage WHERE table_name = 'marts.claims_open'"
    )
    assert sources["source_table"].to_list() == ["core.claims"]


def test_history_says_what_was_published_once(rows):
    kept, shown = (rows(f"SELECT count(*) FROM kpi.{name}").item() for name in ("history", "monthly"))
    assert kept == shown > 0
