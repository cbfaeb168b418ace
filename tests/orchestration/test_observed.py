"""What a run writes for those who watch over it: log and metrics, right, readable by machines, without people."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from orchestration.launch import by_hand
from orchestration.metrics import Gauge
from orchestration.observed import observed
from orchestration.project import Project, read_project
from orchestration.reasons import reasons_for_people
from warehouse.folder import Folder, WarehouseBusy, locked

PROJECT = """
insurer: Example
as_of: 2025-06-30
index: {frameworks: []}
monitoring: {log_file: logs/run.jsonl}
feeds: {complaints: {files: c.csv, max_reject_share: 0.5, columns: {complaint_id: id, received_on: day}}}
"""
SOUND = "id,day\nK1,2025-05-02\nK2,2025-06-28\nK3,Li Wei 440102198001011234\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "c.csv").write_text(SOUND, encoding="utf-8")
    return read_project(tmp_path)


def lines(project: Project) -> list[dict]:
    text = (project.folder / "logs" / "run.jsonl").read_text(encoding="utf-8")
    assert "Li Wei" not in text
    assert "440102198001011234" not in text
    return [json.loads(line) for line in text.splitlines()]


def metrics(project: Project) -> dict[tuple[str, ...], float]:
    """Every sample as Prometheus' own parser reads it, by name and labels."""
    text = (project.warehouse / "metrics.prom").read_text(encoding="utf-8")
    families = list(text_string_to_metric_families(text))
    assert all(family.documentation and family.type == "gauge" for family in families)
    return {
        (sample.name.removeprefix("policypulse_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def landed(project: Project, run_id: str) -> None:
    """A run that lands its files and ends; that a step fails is Dagster's affair and not the session's."""
    launch, quiet = by_hand(project), suppress(dg.Failure)
    with observed(launch, run_id, lambda text: None) as session, quiet, reasons_for_people():
        session.land(["complaints"])


def test_a_run_is_logged_line_by_line_and_measured(project: Project):
    landed(project, "run-1")
    found = lines(project)
    assert {line["run_id"] for line in found} == {"run-1"}
    assert [line["event"] for line in found][0 :: len(found) - 1] == ["started", "ended"]
    assert found[0]["as_of"] == "2025-06-30"
    assert all(datetime.fromisoformat(line["at"]).tzinfo for line in found)
    (load,) = (line for line in found if line["event"] == "landed")
    assert (load["feed"], load["file"], load["rows_landed"], load["rows_rejected"]) == (
        "complaints",
        "c.csv",
        2,
        1,
    )
    told = metrics(project)
    assert told["run_success",] == 1
    assert told["feed_rows", "complaints", "rejected"] == 1
    assert told["feed_behind_days", "complaints"] == 2
    assert (
        told["feed_newest_timestamp_seconds", "complaints"] == datetime(2025, 6, 28, tzinfo=UTC).timestamp()
    )
    assert told["file_bytes", "raw.duckdb"] == (project.warehouse / "raw.duckdb").stat().st_size
    assert not list(project.warehouse.glob("metrics.prom.*"))


def test_a_failure_is_logged_without_its_values_and_the_age_of_data_goes_on(project: Project):
    landed(project, "run-1")
    (project.folder / "c.csv").write_text("id,day\nK4,'Li Wei'\nK5,Li Wei\n", encoding="utf-8")
    landed(project, "run-2")
    failed = [line for line in lines(project) if line["event"] == "failed"]
    assert [line["run_id"] for line in failed] == ["run-2"]
    assert "rows break the contract" in failed[0]["text"]
    told = metrics(project)
    assert told["run_success",] == 0
    assert told["feed_behind_days", "complaints"] == 2


def test_a_run_that_finds_the_warehouse_taken_says_so_and_leaves_the_metrics_to_the_other(project: Project):
    with locked(Folder(project.warehouse)), pytest.raises(WarehouseBusy):
        landed(project, "run-1")
    assert [line["event"] for line in lines(project)] == ["started", "failed"]
    assert not (project.warehouse / "metrics.prom").exists()


def test_a_run_may_wait_for_another(project: Project):
    folder, held, waited_for = Folder(project.warehouse), threading.Event(), []
    released = threading.Event()

    def hold() -> None:
        with locked(folder):
            held.set()
            released.wait(30)

    def told(holder: str) -> None:
        waited_for.append(holder)
        released.set()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(30)
    with locked(folder, wait_seconds=30, on_wait=told):
        pass
    other.join()
    assert len(waited_for) == 1
    with locked(folder), pytest.raises(WarehouseBusy, match=r"waited 0\.1 s"), locked(folder, 0.1):
        pass


@pytest.fixture
def hostile() -> Iterator[str]:
    yield 'a "b"\\n\n{c="d"} 1'


def test_names_that_look_like_the_format_are_read_back_as_they_are(hostile: str):
    gauge = Gauge("rows", "Rows.", {(hostile,): 1.5}, ("table",))
    (family,) = text_string_to_metric_families(str(gauge))
    (sample,) = family.samples
    assert (sample.labels, sample.value) == ({"table": hostile}, 1.5)
