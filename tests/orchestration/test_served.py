"""The stack as it is deployed: code, daemon and UI as processes of their own, and a browser that uses them.

One project and one set of processes for all tests of this module, which follow each other as a day does.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PROJECT = """\
insurer: Served Life
as_of: 2025-06-30
months: 3
cuts: [company]
index: {frameworks: []}
only: {kpis: [complaints_received_count], tables: [kpi.monthly]}
pages: {written: false}
settle_seconds: 0
fresh_days: {complaints: 1}
schedule: "* * * * *"
notify: {to: [{url_file: hook.url}]}
feeds:
  complaints: {files: complaints.csv, columns: {complaint_id: id, received_on: received, closed_on: closed}}
"""
PATIENCE_SECONDS = 300
ENDED = ("SUCCESS", "FAILURE")


@dataclass
class Stack:
    """The running processes, and what they have told."""

    folder: Path
    port: int
    told: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def version(self) -> str:
        """What readers see; empty as long as nothing is published."""
        current = self.folder / "warehouse" / "current.duckdb"
        return current.readlink().name if current.is_symlink() else ""

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """An answer of the UI's own interface."""
        status, text = self.request("127.0.0.1", {"query": query, "variables": variables})
        assert status == 200, text
        answer = json.loads(text)
        assert "errors" not in answer, answer
        return answer["data"]

    def request(self, name: str, body: dict[str, Any]) -> tuple[int, str]:
        """Ask by a host's name, as a browser would that was led here by it."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Host": f"{name}:{self.port}", "Content-Type": "application/json"}
        connection.request("POST", "/graphql", json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def runs(self) -> list[dict[str, Any]]:
        """All runs, the newest first."""
        asked = "{runsOrError { ... on Runs { results { runId status tags { key value } } } } }"
        found = self.ask(asked)["runsOrError"]["results"]
        return [run | {"tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]


def until(holds: Callable[[], Any], what: str) -> Any:
    """What a question answers as soon as it answers yes."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.5)
    raise AssertionError(f"{what} did not happen within {PATIENCE_SECONDS} s")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def deliver(folder: Path, *more: str) -> None:
    """Put all complaints into the file, in one step as a transfer does."""
    rows = [f"K{i},2025-0{4 + i % 3}-{i + 10},2025-06-{i + 12}" for i in range(9)]
    partial = folder / "complaints.partial"
    partial.write_text("\n".join(["id,received,closed", *rows, *more, ""]), encoding="utf-8")
    partial.replace(folder / "complaints.csv")


@pytest.fixture(scope="module")
def page(stack: Stack) -> Iterator[Any]:
    """A page of Debian's chromium that is patient with the UI."""
    if not CHROMIUM:
        pytest.skip("there is no chromium; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = browser.new_page(viewport={"width": 1500, "height": 1100}, base_url=stack.url)
        made.set_default_timeout(60_000)
        yield made
        browser.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("served")
    found = Stack(folder, free_port())
    hook = _hook(found.told)
    (folder / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    (folder / "hook.url").write_text(f"json://127.0.0.1:{hook.server_port}/\n", encoding="utf-8")
    deliver(folder)
    code = f"127.0.0.1:{free_port()}"
    parts = (
        ("code", "--at", code),
        ("daemon", "--code", code),
        ("ui", "--code", code, "--at", f"127.0.0.1:{found.port}", "--name", "kpi.example.com"),
    )
    started = [_serve(folder, *part) for part in parts]
    try:
        until(lambda: _answers(found), "the UI")
        yield found
    finally:
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        hook.shutdown()


def _serve(folder: Path, *part: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from orchestration.cli import main; main()", "serve", *part]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / f"{part[0]}.log").open("wb") as log:
        return subprocess.Popen(
            [*command, "--project", str(folder)], cwd=ROOT, env=variables, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip


def _hook(told: list[str]) -> HTTPServer:
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["message"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _answers(stack: Stack) -> bool:
    entries = "locationEntries { loadStatus locationOrLoadError { __typename } }"
    asked = f"{{workspaceOrError {{ ... on Workspace {{ {entries} }} }} }}"
    try:
        (entry,) = stack.ask(asked)["workspaceOrError"]["locationEntries"]
    except (OSError, ValueError):
        return False
    return (
        entry["loadStatus"] == "LOADED" and entry["locationOrLoadError"]["__typename"] == "RepositoryLocation"
    )


WHERE = {"repositoryLocationName": "policypulse", "repositoryName": "__repository__"}


def test_the_schedule_publishes_and_the_message_is_sent(stack: Stack):
    """The project file names a schedule, so it is on; nobody has looked at the UI."""
    until(lambda: stack.version, "a publication by schedule")
    until(lambda: stack.told, "a message")
    assert "2025-06 is complete and published" in stack.told[0]
    run = stack.runs()[-1]
    assert run["tags"]["dagster/schedule_name"] == "nightly"
    assert run["tags"]["policypulse/as_of"] == "2025-06-30"
    found = stack.ask(
        "query($at: ScheduleSelector!) {scheduleOrError(scheduleSelector: $at) {"
        " ... on Schedule { scheduleState { id } } } }",
        at={**WHERE, "scheduleName": "nightly"},
    )
    stopped = stack.ask(
        "mutation($id: String!) {stopRunningSchedule(id: $id) {"
        " ... on ScheduleStateResult { scheduleState { status } } } }",
        id=found["scheduleOrError"]["scheduleState"]["id"],
    )
    assert stopped["stopRunningSchedule"]["scheduleState"]["status"] == "STOPPED"
    # On a slow machine a second tick has come before the first run had published.
    until(lambda: all(run["status"] in ENDED for run in stack.runs()), "the end of all runs")


def test_the_sensor_reads_new_files_speaks_of_a_bad_one_and_again_when_it_is_mended(stack: Stack):
    before, told = stack.version, len(stack.told)
    deliver(stack.folder, "K90,Li Wei,2025-06-20")
    started = stack.ask(
        "mutation($at: SensorSelector!) {startSensor(sensorSelector: $at) {"
        " ... on Sensor { sensorState { status } } } }",
        at={**WHERE, "sensorName": "new_files"},
    )
    assert started["startSensor"]["sensorState"]["status"] == "RUNNING"
    (message,) = until(lambda: [text for text in stack.told[told:] if "The run failed" in text], "a message")
    assert "rows break the contract" in message
    assert "Li Wei" not in message
    assert stack.version == before
    deliver(stack.folder, "K90,2025-06-19,2025-06-20")
    until(lambda: stack.version != before, "a publication by sensor")
    published, failed, *_ = stack.runs()
    assert failed["status"] == "FAILURE"
    assert [run["tags"].get("dagster/sensor_name") for run in (published, failed)] == [
        "new_files",
        "new_files",
    ], stack.runs()


def test_the_ui_answers_to_no_name_that_it_was_not_given(stack: Stack):
    """A page elsewhere whose name leads to this machine reaches nothing."""
    question = {"query": "{version}"}
    assert stack.request("kpi.example.com", question)[0] == 200
    assert stack.request("attacker.example", question)[0] == 400


def shows(page: Any, text: str, *, exact: bool = False) -> bool:
    """Whether the page shows a text once it has come; times out, which is told, if it does not."""
    found = page.get_by_text(text, exact=exact).first
    found.wait_for()
    return bool(found.is_visible())


def test_a_browser_shows_the_graph_a_kpi_with_its_definition_and_where_a_column_comes_from(page: Any):
    page.goto("/asset-groups")
    for group in ("files", "raw", "staging", "core", "kpi", "published"):
        assert shows(page, group, exact=True)
    page.goto("/assets/kpi/monthly?view=overview")
    assert shows(page, "Complaints received in the month")
    assert shows(page, "complaints_received_count")
    page.goto("/assets/core/complaints?view=overview")
    page.get_by_text("From staging.complaints.received_on.").wait_for()


def test_a_browser_shows_a_check_that_did_not_pass_with_its_rows(page: Any):
    page.goto("/assets/raw/complaints?view=checks&checkDetail=newest_record_is_fresh")
    assert shows(page, "a delivery may be missing")
    assert shows(page, "days_behind")
    assert shows(page, "newest_on")


def test_a_browser_shows_of_a_failed_run_one_message(stack: Stack, page: Any):
    (failed,) = (run for run in stack.runs() if run["status"] == "FAILURE")
    page.goto(f"/runs/{failed['runId']}")
    page.get_by_text("rows break the contract").first.wait_for()
    assert page.get_by_text("rows break the contract").count() == 1
    assert page.get_by_text("Dependencies for step").count() == 0


def test_a_month_is_made_anew_in_the_browser_and_published(stack: Stack, page: Any):
    before = stack.version
    page.goto("/locations/__repository__@policypulse/jobs/rerun_months")
    page.get_by_role("button", name="Materialize all…").click()
    page.get_by_role("button", name="Latest", exact=True).click()
    page.get_by_role("button", name=re.compile("^Launch")).click()
    until(lambda: stack.version != before, "a publication of the month")
    # Readers see the version a moment before the run is marked with it.
    until(lambda: "policypulse/version" in stack.runs()[0]["tags"], "the mark of the run")
    newest = stack.runs()[0]
    assert newest["status"] in ("STARTED", "SUCCESS")
    assert newest["tags"]["policypulse/version"] == stack.version.removesuffix(".duckdb")
