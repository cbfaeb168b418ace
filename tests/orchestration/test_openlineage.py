"""A catalogue that speaks OpenLineage is told of each table what it was made of, column by column."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import pytest
import yaml

from orchestration.dagster_home import NO_OPENLINEAGE, OPENLINEAGE_VARIABLE, prepare_home
from orchestration.project import Project, read_project

PROJECT = """
insurer: Example
feeds: {complaints: {files: c.csv, columns: {complaint_id: id, received_on: day}}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    for variable in ("DAGSTER_HOME", "POLICYPULSE_PROJECT"):  # set for the children of a command
        monkeypatch.setenv(variable, "")
    return read_project(tmp_path)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict]]:
    found: list[dict] = []

    class Catalogue(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Catalogue)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(OPENLINEAGE_VARIABLE, f"http://127.0.0.1:{server.server_port}")
    yield found
    server.shutdown()


@dg.asset(key=["core", "claims"])
def claims() -> dg.MaterializeResult:
    source = dg.TableColumnDep(dg.AssetKey(["staging", "claim_events"]), "event_at")
    lineage = dg.TableColumnLineage({"reported_on": [source]})
    return dg.MaterializeResult(metadata={"dagster/column_lineage": lineage})


def test_a_catalogue_is_told_of_columns_and_what_they_are_made_of(project: Project, told: list[dict]):
    pytest.importorskip("dagster_openlineage")
    assert prepare_home(project) == []
    with dg.DagsterInstance.get() as instance:
        assert dg.materialize([claims], instance=instance).success
        # Kept as well, by our own storage.
        assert instance.get_latest_materialization_event(dg.AssetKey(["core", "claims"]))
    outputs = [output for event in told for output in event.get("outputs", ())]
    (fields,) = (
        output["facets"]["columnLineage"]["fields"]
        for output in outputs
        if "columnLineage" in output.get("facets", {})
    )
    (source,) = fields["reported_on"]["inputFields"]
    assert (source["name"], source["field"]) == ("staging/claim_events", "event_at")


def test_what_is_not_installed_is_told_and_events_are_kept_all_the_same(
    project: Project, told: list[dict], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("orchestration.dagster_home.find_spec", lambda name: None)
    assert prepare_home(project) == [NO_OPENLINEAGE]
    written = yaml.safe_load((project.warehouse / "dagster" / "dagster.yaml").read_text(encoding="utf-8"))
    assert written["event_log_storage"]["class"] == "KeptEventLogStorage"
