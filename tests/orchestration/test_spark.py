"""Tables made with the workers of a Spark server are those made here, also when a worker dies in the middle."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import dagster as dg
import duckdb
import pytest
import yaml
from conftest import ROOT, leave_out_pages_and_robustness, policypulse
from polars.testing import assert_frame_equal
from small_warehouse import RUN, SETTINGS, build

from orchestration import buckets, spark
from orchestration.buckets import EngineFailed
from orchestration.build import make
from orchestration.definitions import definitions
from orchestration.engine import SparkEngine
from orchestration.frame_cache import Frames
from orchestration.launch import by_hand
from orchestration.models import models
from orchestration.project import read_project
from orchestration.session import opened
from orchestration.spark import Spark

STARTED_WITHIN_SECONDS = 400
TABLES = {"core.claims", "core.policies", "core.persistency", "core.survey_responses"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of a Spark Connect server with two workers on this machine."""
    if not shutil.which("java"):
        pytest.skip("there is no Java runtime; Debian has one as default-jre-headless")
    if not (found := importlib.util.find_spec("pyspark")):
        pytest.skip("pyspark is not installed")
    folder, port = tmp_path_factory.mktemp("spark"), free_port()
    home = Path(found.origin).parent
    command = [
        home / "bin" / "spark-submit", "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
        "--master", "local-cluster[2,1,512]", "--driver-memory", "512m",
    ]  # fmt: skip
    rules = {
        "executor.memory": "512m", "connect.grpc.binding.address": "127.0.0.1", "connect.grpc.binding.port": port,
        "ui.enabled": "false", "worker.dir": folder / "work", "local.dir": folder / "local",
    }  # fmt: skip
    command += [part for name, value in rules.items() for part in ("--conf", f"spark.{name}={value}")]
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
    }
    environment |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_HOSTNAME": "localhost"}
    with (folder / "server.log").open("wb") as log:
        started = subprocess.Popen(
            [*command, "spark-internal"],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(port, started, folder / "server.log")
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        started.wait(60)


def wait_for(port: int, started: subprocess.Popen, log: Path) -> None:
    """Return once the server answers."""
    until = time.monotonic() + STARTED_WITHIN_SECONDS
    while time.monotonic() < until and started.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    pytest.fail(f"the Spark server did not start: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with build(tmp_path_factory.mktemp("warehouse"), schemas=("core",)) as store:
        yield store


@pytest.fixture
def workers(server, store, tmp_path, monkeypatch):
    """The server, asked for facts of more than a hundred rows, in at most four buckets."""
    monkeypatch.setattr(buckets, "ROWS_A_TASK", 100)
    (tmp_path / "exchange").mkdir()
    engine = SparkEngine(spark=server, buckets=4, exchange=tmp_path / "exchange")
    workers = Spark(engine, store.folder.path)
    yield workers
    workers.close()
    assert not list((tmp_path / "exchange").iterdir())


def made_there(store, workers, table, function=None):
    """A table as the workers make it, perhaps by another function."""
    graph = dict(models())
    if function:
        graph[table] = replace(graph[table], model=replace(graph[table].model, function=function))
    made = make(store, graph[table], RUN, graph, Frames(store, graph, SETTINGS, workers=workers))
    return made, store.read(table)


def test_a_worker_that_is_killed_in_the_middle_leaves_no_trace(store, workers, tmp_path):
    here, killed = store.read("core.claims"), tmp_path / "killed"
    claims = models()["core.claims"].model.function

    def kill_once(events, cases, calendar, as_of, settings):
        import os
        import signal
        from pathlib import Path

        if not killed.exists():
            killed.touch()
            # A worker of Python is forked by a daemon that the executor has started.
            executor = int(Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[1])
            os.kill(executor, signal.SIGKILL)
        return claims(events=events, cases=cases, calendar=calendar, as_of=as_of, settings=settings)

    made, there = made_there(store, workers, "core.claims", kill_once)
    assert killed.exists()
    assert made.told["retries"] >= 1
    assert_frame_equal(there, here, check_row_order=False, check_exact=True)


def test_a_bucket_that_fails_is_told_with_its_keys_and_nothing_changes(store, workers):
    here = store.read("core.claims")

    def fail(events, cases, calendar, as_of, settings):
        raise ZeroDivisionError("claims by nought")

    told = r"core\.claims: bucket \d of 4 \(claim_id from C\d+ to C\d+\) could not be made: ZeroDivisionError"
    with pytest.raises(EngineFailed, match=told):
        made_there(store, workers, "core.claims", fail)
    assert_frame_equal(store.read("core.claims"), here)


def test_workers_of_another_version_are_refused_before_anything_is_made(store, workers, monkeypatch):
    monkeypatch.setattr(spark, "versions", lambda: "Python 3.9.1, Polars 0.1, policypulse of long ago")
    with pytest.raises(
        EngineFailed, match=r"has Python 3.*this process Python 3\.9\.1.*install the same wheel"
    ):
        made_there(store, workers, "core.claims")


def two_projects(folder: Path, server: str, policies: int, months: int) -> tuple[Path, Path]:
    """The same insurer twice: one that makes its tables here, and one that asks workers for facts."""
    here, there = folder / "here", folder / "there"
    book = ("--policies", policies, "--months", months, "--seed", 4)
    assert policypulse("simulate", "--out", here, *book).status == 0
    leave_out_pages_and_robustness(here)
    shutil.copytree(here, there)
    (folder / "exchange").mkdir()
    engine = {"spark": server, "buckets": 4, "exchange": str(folder / "exchange")}
    with (there / "policypulse.yml").open("a", encoding="utf-8") as file:
        file.write(yaml.safe_dump({"engine": engine}))
    return here, there


def test_every_table_made_with_workers_is_the_one_made_here(server, tmp_path, monkeypatch):
    monkeypatch.setattr(buckets, "ROWS_A_TASK", 300)
    for folder in two_projects(tmp_path, server, policies=800, months=4):
        project = read_project(folder)
        with opened(by_hand(project), lambda told: None) as session:
            session.land(project.contracts)
            told = {table: session.make(table).told for table in session.tables}
    made_there = {table: said for table, said in told.items() if said.get("engine") == "spark"}
    assert set(made_there) >= TABLES
    for said in made_there.values():
        assert (said["server"], said["retries"]) == (server, 0)
        assert said["buckets"] in (2, 4)
    files = [tmp_path / side / "warehouse" / "build.duckdb" for side in ("here", "there")]
    differing, tables = different_tables(*files)
    assert not differing
    assert len(tables) > 50
    assert not list((tmp_path / "exchange").iterdir())


@pytest.mark.campaign
def test_what_is_published_by_workers_is_what_is_published_here(server, tmp_path):
    here, there = two_projects(tmp_path, server, policies=20_000, months=24)
    for project in (here, there):
        run = policypulse("run", "--project", project)
        assert run.status == 0, run.text
    differing, tables = different_tables(*(read_project(project).current for project in (here, there)))
    assert not differing
    assert len(tables) > 50
    for table in TABLES:
        metadata = shown_of(there, table)
        assert (metadata["engine"], metadata["server"]) == ("spark", server)
        assert metadata["buckets"] in (2, 4)
        assert metadata["retries"] == 0
        assert metadata["workers"] == 1  # both on this machine
        assert metadata["seconds_of_workers"] > 0
    kinds = {spec.key: spec.kinds for spec in definitions(read_project(there)).resolve_all_asset_specs()}
    assert "spark" in kinds[dg.AssetKey(["core", "claims"])]
    assert "spark" not in kinds[dg.AssetKey(["kpi", "monthly"])]
    assert not list((tmp_path / "exchange").iterdir())


def different_tables(here: Path, there: Path) -> tuple[list[str], list[str]]:
    """The tables of which two files have other rows, and all that they have; when it was published is no content."""
    with duckdb.connect() as con:
        for name, file in (("here", here), ("there", there)):
            con.execute(f"ATTACH '{file.resolve()}' AS {name} (READ_ONLY)")
        tables = {
            side: con.sql(
                "SELECT concat_ws('.', schema_name, table_name) FROM duckdb_tables() "
                f"WHERE database_name = '{side}' AND schema_name IN ('core', 'kpi', 'index', 'marts')"
            ).fetchall()
            for side in ("here", "there")
        }
        assert sorted(tables["here"]) == sorted(tables["there"])
        names = [table for (table,) in tables["here"]]
        content = "SELECT COLUMNS(LAMBDA name: name NOT LIKE 'published%at') FROM"
        differing = [
            table
            for table in names
            for one, other in (("here", "there"), ("there", "here"))
            if con.sql(f"({content} {one}.{table}) EXCEPT ALL ({content} {other}.{table}) LIMIT 1").fetchall()
        ]
    return differing, names


def shown_of(project: Path, table: str) -> dict[str, object]:
    """The metadata of a table's newest event, as the UI shows them."""
    with dg.DagsterInstance.from_config(str(project / "warehouse" / "dagster")) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(table.split(".")))
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}
