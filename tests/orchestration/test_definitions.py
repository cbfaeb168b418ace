"""What Dagster is given: an asset for every table, checks on them, months that rerun alone."""

import os
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from straight_into_raw import deliver

from expectations.run import Result, run_checks
from expectations.suites import checks
from orchestration.asset_metadata import failed_rows
from orchestration.dagster_home import prepare_home
from orchestration.data_age import freshness_checks, freshness_problems
from orchestration.definitions import definitions
from orchestration.fingerprint import pending
from orchestration.jobs import JOB, RERUN_MONTHS
from orchestration.launch import by_hand
from orchestration.models import models
from orchestration.project import read_project
from warehouse.folder import Folder
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Store

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def project(insurer: Path, tmp_path: Path) -> Path:
    """A copy of the insurer's project as its first run left it."""
    folder = tmp_path / "project"
    shutil.copytree(insurer, folder, symlinks=True)
    return folder


@pytest.fixture
def defs(project: Path) -> dg.Definitions:
    return definitions(read_project(project))


def test_every_table_is_an_asset_with_lineage_from_file_to_publication(defs):
    graph = defs.resolve_asset_graph()
    keys = {".".join(key.path) for key in graph.get_all_asset_keys()}
    assert set(models()) | {"published", "raw.claim_events", "files.claim_events"} <= keys
    upstream = graph.get_ancestor_asset_keys(dg.AssetKey("published"))
    assert dg.AssetKey(["files", "claim_events"]) in upstream
    assert dg.AssetKey(["core", "claims"]) in upstream


def test_every_check_is_on_its_asset_and_critical_ones_block(defs):
    graph = defs.resolve_asset_graph()
    specs = {(".".join(k.asset_key.path), k.name): graph.get_check_spec(k) for k in graph.asset_check_keys}
    assert specs.keys() == {(check.table, check.name) for check in checks()}
    assert all(specs[check.table, check.name].blocking == check.blocking for check in checks())


def test_schedule_and_sensor_ask_for_every_month(defs, project):
    repository = defs.get_repository_def()
    assert {s.name for s in repository.schedule_defs} == {"nightly"}
    assert {s.name for s in repository.sensor_defs} == {"new_files"}
    months = by_hand(read_project(project)).month_tags
    assert months["dagster/asset_partition_range_end"] == "2025-12-01"


def test_dagster_shows_of_a_run_what_the_catalogue_says(insurer, rows):
    """Lineage of columns, definitions of KPIs, rows that broke a check, the age of feeds, and the run's tags."""
    found = read_project(insurer)
    prepare_home(found)
    with dg.DagsterInstance.get() as instance:
        run = instance.get_runs()[-1]
        shown = {
            ".".join(key.path): instance.get_latest_materialization_event(key).asset_materialization.metadata
            for key in (dg.AssetKey(["marts", "scorecard"]), dg.AssetKey(["core", "claims"]))
        }
        by_month = instance.get_latest_materialization_event(dg.AssetKey(["kpi", "monthly"]))
        complaints = instance.get_latest_materialization_event(dg.AssetKey(["raw", "complaints"]))
        unmet = [
            entry.asset_check_evaluation
            for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
            if not entry.asset_check_evaluation.passed
        ]
    assert run.tags["policypulse/as_of"] == found.as_of().isoformat()
    assert "example_life@" in run.tags["policypulse/frameworks"]
    assert f"{run.tags['policypulse/version']}.duckdb" in {
        path.name for path in found.current.parent.glob("versions/*")
    }
    for table, metadata in shown.items():
        told = {
            (column, ".".join(dep.asset_key.path), dep.column_name)
            for column, deps in metadata["dagster/column_lineage"].value.deps_by_column.items()
            for dep in deps
        }
        known = rows(f"""
            SELECT DISTINCT column_name, source_table, source_column FROM catalog.column_lineage
            WHERE table_name = '{table}' AND source_column IS NOT NULL AND source_table NOT LIKE 'staging.%'
        """)
        assert set(known.iter_rows()) == {one for one in told if not one[1].startswith("staging.")}
        assert told
    assert "dagster/column_schema" in by_month.asset_materialization.metadata
    days = rows("SELECT max(received_on) FROM core.complaints").item()
    assert complaints.asset_materialization.metadata["days_behind"].value == (found.as_of() - days).days
    (nodes,) = (one for one in unmet if one.check_name == "segments_have_scores")
    examples = nodes.metadata["for_example"].records
    assert {"framework", "cut", "most_often_missing"} <= examples[0].data.keys()


def test_kpis_are_defined_and_owners_named_where_tables_are_seen(defs):
    specs = {".".join(spec.key.path): spec for spec in defs.resolve_all_asset_specs()}
    defined = specs["kpi.monthly"].metadata["kpis"].records
    (nps,) = (record.data for record in defined if record.data["kpi"] == "nps_points")
    assert nps["definition"] and nps["formula"] and nps["source"]
    assert specs["marts.scorecard"].owners == ["team:service_quality"]


def test_rows_that_broke_a_check_are_shown_without_what_is_about_people():
    check = next(check for check in checks() if check.sql)
    violation = {"claim_id": "C1", "customer_id": "Li Wei", "note": "call 13912345678, 'at home'"}
    found = Result(check, False, "1 violation", 1, (violation,), 0.1)
    (shown,) = failed_rows(found, {"customer_id"})["for_example"].records
    assert shown.data == {"claim_id": "C1", "customer_id": "…", "note": "call …, '…'"}


def test_a_feed_whose_newest_record_is_too_old_warns(tmp_path):
    (tmp_path / "policypulse.yml").write_text(
        "insurer: Example\nas_of: 2025-06-30\nfresh_days: {complaints: 3, policies: 1}\n"
        "feeds: {complaints: {files: c.csv, columns: {complaint_id: id, received_on: day}}}\n"
    )
    project = read_project(tmp_path)
    assert list(freshness_problems(project)) == [("fresh_days.policies", "feeds names no policies")]
    check = next(iter(freshness_checks(project)))
    with Store(Folder(tmp_path)) as store:
        create_raw(store.con, project.contracts)
        store.set_as_of(date(2025, 6, 30), "UTC")
        # A day to come is a mistake, and does not make a feed fresh.
        for load_id, (day, late) in enumerate(
            [("2099-01-01", ["None"]), ("2025-06-26", ["4"]), ("2025-06-27", [])], start=1
        ):
            record = f"SELECT 'K{load_id}' AS complaint_id, DATE '{day}' AS received_on"
            deliver(store, "complaints", record, load_id=load_id)
            (result,) = run_checks(store.con, [check])
            assert [one["days_behind"] for one in result.violations] == late
            assert not result.check.blocking


def table(project: Path, sql: str) -> pl.DataFrame:
    with duckdb.connect(str(project / "warehouse" / "build.duckdb"), read_only=True) as con:
        return con.sql(sql).pl()


def test_scheduled_runs_leave_files_that_may_still_be_written(defs, project):
    """The schedule asks runs to wait; the sensor asks for none before the youngest file has settled."""
    (project / "warehouse" / "published.json").unlink()
    youngest = next((project / "feeds").glob("complaints*"))
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 1, 2, 2, tzinfo=UTC))
    (asked,) = defs.resolve_schedule_def("nightly").evaluate_tick(context).run_requests
    assert asked.run_config["resources"]["warehouse"]["config"]["settle_seconds"] == 60
    os.utime(youngest)
    sensor = defs.resolve_sensor_def("new_files")
    evaluated = sensor.evaluate_tick(dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral()))
    assert (len(evaluated.run_requests), youngest.name in evaluated.skip_message) == (0, True)
    assert evaluated.cursor is None
    for path in (project / "feeds").iterdir():
        os.utime(path, (1.7e9, 1.7e9))
    assert (
        len(
            sensor.evaluate_tick(
                dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral())
            ).run_requests
        )
        == 1
    )


def rerun(defs: dg.Definitions, month: str, *tables: tuple[str, str]) -> dg.ExecuteInProcessResult:
    """The job for one month of some tables alone, as somebody starts it in the UI."""
    return defs.resolve_job_def(JOB).execute_in_process(
        instance=dg.DagsterInstance.ephemeral(),
        partition_key=month,
        asset_selection=[dg.AssetKey(table) for table in tables],
        run_config=QUIET,
    )


def test_a_month_reruns_alone(defs, project):
    """One month of kpi.monthly and index.scores is damaged and made again; the others are not touched."""
    every = "SELECT * FROM {} ORDER BY ALL"
    before = {name: table(project, every.format(name)) for name in ("kpi.monthly", "index.scores")}
    with duckdb.connect(str(project / "warehouse" / "build.duckdb")) as con:
        con.execute("DELETE FROM kpi.monthly WHERE period = DATE '2025-06-01'")
        con.execute(
            "UPDATE kpi.monthly SET n_undetermined = 77777 WHERE period = DATE '2025-05-01' AND kpi = 'nps_points'"
        )
    assert rerun(defs, "2025-06-01", ("kpi", "monthly"), ("index", "scores")).success
    june = "SELECT * FROM {} WHERE period = DATE '2025-06-01' ORDER BY ALL"
    for name, frame in before.items():
        assert_frame_equal(
            table(project, june.format(name)), frame.filter(pl.col("period") == pl.date(2025, 6, 1))
        )
    damaged = table(
        project,
        "SELECT count(*) FROM kpi.monthly WHERE period = DATE '2025-05-01' AND n_undetermined = 77777",
    )
    assert damaged.item() > 0


def test_checks_run_alone_on_all_months_at_once(defs):
    """One check, asked for in the UI, is answered for the whole table, whether or not that is made by month."""
    asked = {
        dg.AssetCheckKey(dg.AssetKey(["kpi", "monthly"]), "months_complete"),
        dg.AssetCheckKey(dg.AssetKey(["core", "claims"]), "grain_unique"),
    }
    job = defs.resolve_implicit_global_asset_job_def()
    result = job.get_subset(asset_selection=set(), asset_check_selection=asked).execute_in_process(
        instance=dg.DagsterInstance.ephemeral(),
        run_config=QUIET,
    )
    found = result.get_asset_check_evaluations()
    assert {evaluation.asset_check_key for evaluation in found} == asked
    assert all(evaluation.passed and evaluation.partition is None for evaluation in found)
    assert not result.get_asset_materialization_events()


def test_what_was_remade_is_not_published_before_it_is_checked(defs):
    """After months have been made anew the marts are older than what they are made from."""
    assert rerun(defs, "2025-06-01", ("kpi", "monthly")).success
    result = defs.resolve_job_def(JOB).execute_in_process(
        instance=dg.DagsterInstance.ephemeral(),
        asset_selection=[dg.AssetKey("published")],
        raise_on_error=False,
        run_config=QUIET,
    )
    assert not result.success
    failures = [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
    told = " ".join(str(error.to_string()) for error in failures)
    assert "marts.scorecard has to be made and checked again" in told


def test_months_are_made_anew_and_published_by_one_job_with_their_own_numbers(defs, project):
    """Two months are damaged; the job makes them anew, publishes, and shows of each its own headline numbers."""
    warehouse = project / "warehouse"
    months = (date(2025, 5, 1), date(2025, 6, 1))
    sound = "SELECT * FROM kpi.monthly ORDER BY ALL"
    with duckdb.connect(str((warehouse / "current.duckdb").resolve()), read_only=True) as con:
        before = con.sql(sound).pl()
    with duckdb.connect(str(warehouse / "build.duckdb")) as con:
        con.execute("DELETE FROM kpi.monthly WHERE period BETWEEN DATE '2025-05-01' AND DATE '2025-06-01'")
    found = read_project(project)
    result = defs.resolve_job_def(RERUN_MONTHS).execute_in_process(
        instance=dg.DagsterInstance.ephemeral(),
        tags=by_hand(found, months=months).month_tags,
        run_config=QUIET,
    )
    assert result.success
    with duckdb.connect(str((warehouse / "current.duckdb").resolve()), read_only=True) as con:
        assert_frame_equal(con.sql(sound).pl(), before)
        values = {
            (month, kpi, basis): value
            for month, kpi, basis, value in con.execute(
                "SELECT period, kpi, basis, value FROM kpi.monthly WHERE cut = 'company' AND value IS NOT NULL"
            ).fetchall()
        }
    shown = {
        date.fromisoformat(event.partition): event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["kpi", "monthly"])
    }
    assert set(shown) == set(months)
    leaves = {(node.leaf.kpi, node.leaf.basis) for spec in found.settings.frameworks for node in spec.leaves}
    codes = [kpi for kpi, _ in leaves]
    names = {kpi if codes.count(kpi) == 1 else f"{kpi} ({basis})": (kpi, basis) for kpi, basis in leaves}
    for month, metadata in shown.items():
        numbers = {name: metadata[name].value for name in names if name in metadata}
        assert len(numbers) > len(names) / 2
        assert numbers == {name: values[month, *names[name]] for name in numbers}
    first, second = (shown[month] for month in months)
    assert any(first[name] != second[name] for name in names if name in first and name in second)


def test_a_run_that_dagster_starts_notes_what_it_published(defs, project):
    """After a run of the UI, the schedule or the sensor, the command line has nothing to do, nor has the sensor."""
    found = read_project(project)
    (project / "warehouse" / "published.json").unlink()
    assert pending(found, found.as_of()) is not None
    result = defs.resolve_job_def(JOB).execute_in_process(
        instance=dg.DagsterInstance.ephemeral(), tags=by_hand(found).month_tags, run_config=QUIET
    )
    assert result.success
    assert pending(found, found.as_of()) is None
