"""Messages of runs: what they say, that they arrive once, by mail and by webhook, and that none costs a run."""

import email
import json
import socket
import threading
from collections.abc import Iterator
from datetime import date
from email import policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import get_args

import dagster as dg
import pytest
from aiosmtpd.controller import Controller
from conftest import policypulse

from orchestration.dagster_home import prepare_home
from orchestration.message import message_of
from orchestration.news import News, Signal
from orchestration.notify import told_of, unready
from orchestration.project import read_project
from orchestration.project_file import Event
from orchestration.run_outcome import Outcome, Unmet
from orchestration.run_sensors import run_sensors

EVENTS = get_args(Event)
HOSTILE = "<script>alert('1')</script> =1+1 <!channel> @everyone\r\nBcc: all@example.com"
PROJECT = """
insurer: Example
as_of: 2025-06-30
index: {frameworks: []}
only: {kpis: [complaints_received_count], tables: [kpi.monthly]}
pages: {written: false}
months: 3
notify:
  to: [{url_env: TOLD_BY_MAIL}, {url_file: hook.url}]
feeds: {complaints: {files: c.csv, columns: {complaint_id: id, received_on: day}}}
"""


class Mailbox:
    """Takes every mail."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    monkeypatch.setenv(
        "TOLD_BY_MAIL", f"mailto://127.0.0.1:{port}?from=kpi@example.com&to=quality@example.com"
    )
    yield box
    server.stop()


@pytest.fixture
def posts(tmp_path: Path) -> Iterator[list[dict]]:
    taken: list[dict] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "hook.url").write_text(f"json://127.0.0.1:{server.server_port}/\n", encoding="utf-8")
    yield taken
    server.shutdown()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "c.csv").write_text("id,day\nK1,2025-05-02\n", encoding="utf-8")
    return tmp_path


def outcome(failure: str | None = None, *unmet: Unmet, version: str | None = None) -> Outcome:
    return Outcome("run", failure, unmet, version)


def test_one_message_tells_all_that_happened_and_only_what_is_asked_for():
    ended = outcome(None, Unmet("core.claims", "few_orphans", False), version="v.duckdb")
    found = News("u.duckdb", date(2025, 5, 1), [Signal("Claims paid", "", "Signal: 80.0 %; below: worse.")])
    message = message_of("Example", ended, found, EVENTS, "/site/index.html")
    assert message
    assert message.title == "Example: 2025-05 is complete and published"
    assert message.body == (
        "2025-05 is complete and published\nPages: /site/index.html\n\n"
        "1 new signal of weight\nClaims paid: Signal: 80.0 %; below: worse.\n\n"
        "1 check warned\ncore.claims few_orphans"
    )
    assert message_of("Example", ended, found, ["run_failed"], None) is None
    assert message_of("Example", outcome(version="v.duckdb"), News("u", None, []), EVENTS, None) is None


def test_a_blocked_publication_is_told_as_such_and_a_failure_without_values():
    blocked = message_of(
        "Example", outcome("a step failed", Unmet("core.claims", "grain", True)), None, EVENTS, None
    )
    assert blocked and "core.claims grain" in blocked.body
    assert "The run failed" not in blocked.body
    failed = message_of(
        "Example", outcome("c.csv line 3: day: not a date, for example 'Li Wei', of 440102198001011234"), None,
        EVENTS, None,
    )  # fmt: skip
    assert failed
    assert failed.body == "The run failed\nc.csv line 3: day: not a date, for example '…', of …"


def test_hostile_names_arrive_as_text(folder: Path, mailbox: Mailbox, posts: list[dict], monkeypatch):
    signal = Signal(HOSTILE, HOSTILE, "Signal: 1; worse.")
    monkeypatch.setattr("orchestration.run_outcome.outcome_of", lambda *_: outcome("x", version=None))
    monkeypatch.setattr(
        "orchestration.notify.message_of",
        lambda *_: message_of(HOSTILE, outcome(), News(None, None, [signal]), EVENTS, None),
    )
    assert told_of(read_project(folder), None, "run") == []
    (mail,) = mailbox.mails
    assert mail["To"] == "quality@example.com"
    assert mail["Bcc"] is None
    assert mail.get_content_type() == "text/plain"
    assert "<script>alert('1')</script> =1+1" in mail.get_content()
    (post,) = posts
    assert "<script>alert('1')</script> =1+1" in post["message"]
    assert "<!" not in post["message"]
    assert "@everyone" not in post["message"]
    assert "\n" not in post["title"]


def test_a_run_sends_one_message_whoever_is_asked_and_a_second_run_its_own(
    folder: Path, mailbox: Mailbox, posts: list[dict]
):
    """The command tells of its run; what Dagster's sensors would send of the same run is not sent again."""
    ran = policypulse("run", "--project", folder)
    assert ran.status == 0, ran.text
    assert "No message" not in ran.text
    assert [len(mailbox.mails), len(posts)] == [1, 1]
    assert "2025-06 is complete and published" in posts[0]["message"]
    project = read_project(folder)
    prepare_home(project)
    assert {sensor.name for sensor in run_sensors(project)} == {"tell_of_success", "tell_of_failure"}
    with dg.DagsterInstance.get() as instance:
        (run,) = instance.get_runs()
        for sensor, found in zip(run_sensors(project), ("success", "failure"), strict=True):
            context = dg.build_run_status_sensor_context(
                sensor.name, dagster_instance=instance, dagster_run=run, dagster_event=_ended(instance, run)
            )
            assert found in sensor.name
            sensor(context)
        assert [len(mailbox.mails), len(posts)] == [1, 1]
        (project.warehouse / "notified" / run.run_id).unlink()
        run_sensors(project)[0](context)
        assert [len(mailbox.mails), len(posts)] == [2, 2]

    (folder / "c.csv").write_text("id,day\nK1,Li Wei\n", encoding="utf-8")
    failed = policypulse("run", "--project", folder)
    assert failed.status == 1, failed.text
    assert len(posts) == 3
    assert "The run failed" in posts[2]["message"]
    assert "Li Wei" not in posts[2]["message"]


def _ended(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterEvent:
    (entry,) = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_SUCCESS)
    assert entry.dagster_event
    return entry.dagster_event


def test_who_cannot_be_told_is_named_without_the_address(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "hook.url").write_text("json://user:secret@127.0.0.1:9/", encoding="utf-8")
    monkeypatch.delenv("TOLD_BY_MAIL", raising=False)
    project = read_project(folder)
    assert list(unready(project)) == [
        "notify.to: TOLD_BY_MAIL: the environment variable TOLD_BY_MAIL is not set"
    ]
    monkeypatch.setattr("orchestration.run_outcome.outcome_of", lambda *_: outcome("it broke"))
    mail, hook = told_of(project, None, "run")
    assert mail == "No message was sent to TOLD_BY_MAIL: the environment variable TOLD_BY_MAIL is not set"
    assert hook.startswith("No message was sent to hook.url: it was not taken")
    assert "secret" not in mail + hook
