"""Sends the message of a run to those whom the project file names, once a run and never at the run's cost.

What it says is `message.py`; who asks for it is the command `run`, or the sensors of `run_sensors.py`.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.message import Message, message_of
from orchestration.news import news
from orchestration.project import Project
from orchestration.project_file import Receiver

if TYPE_CHECKING:  # `policypulse check` looks at addresses without Dagster
    import dagster as dg

KEPT_MARKS = 500
NO_EXTRA = "notify: in the project file needs packages that are not there: pip install 'policypulse[notify]'"


def told_of(project: Project, instance: "dg.DagsterInstance", run_id: str) -> list[str]:
    """Send the message of a run that has ended, if there is one and it was not sent; returns what went wrong.

    Nothing is raised: who cannot be told does not fail a run.
    """
    if project.file.notify is None:
        return []
    try:
        return list(_told(project, instance, run_id))
    except Exception as error:
        return [f"No message was sent of this run: {type(error).__name__} while it was written"]


def unready(project: Project) -> Iterator[str]:
    """Why somebody could not be told now, a line each."""
    if project.file.notify is None:
        return
    try:
        import apprise
    except ModuleNotFoundError:
        yield NO_EXTRA
        return
    for receiver in project.file.notify.to:
        reason = None
        try:
            if not apprise.Apprise.instantiate(_address(project, receiver), suppress_exceptions=True):
                reason = "its address is none that Apprise knows, as mailtos://… or msteams://…"
        except (OSError, LookupError) as error:
            reason = str(error)
        if reason:
            yield f"notify.to: {receiver.name}: {reason}"


def _told(project: Project, instance: "dg.DagsterInstance", run_id: str) -> Iterator[str]:
    from orchestration.run_outcome import outcome_of

    part = project.file.notify
    assert part
    outcome = outcome_of(instance, run_id)
    version = project.warehouse / "versions" / outcome.version if outcome.version else None
    found = news(version) if version and version.exists() else None
    site = project.warehouse / "current-site" / "index.html"
    page = str(site) if project.file.pages.written else None
    message = message_of(project.file.insurer, outcome, found, part.events, page)
    if message and _is_first(project.warehouse / "notified", run_id):
        yield from _undelivered(project, message)


def _is_first(marks: Path, run_id: str) -> bool:
    """Whether nobody has sent the message of this run yet; from now on somebody has."""
    marks.mkdir(parents=True, exist_ok=True)
    for old in sorted(marks.iterdir(), key=lambda mark: mark.stat().st_mtime)[:-KEPT_MARKS]:
        old.unlink(missing_ok=True)
    try:
        (marks / run_id).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _undelivered(project: Project, message: Message) -> Iterator[str]:
    """Send a message; yields whom it did not reach, without the address, which holds a password."""
    try:
        import apprise
    except ModuleNotFoundError:
        yield NO_EXTRA
        return
    # It would write to the terminal, addresses included; what went wrong is told here.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    assert project.file.notify
    for receiver in project.file.notify.to:
        try:
            # No picture from elsewhere is asked for, and nothing is kept on disk.
            asset = apprise.AppriseAsset(
                app_id="policypulse",
                app_desc="policypulse",
                app_url="",
                image_url_mask="",
                image_url_logo="",
                storage_mode=apprise.PersistentStoreMode.MEMORY,
            )
            service = apprise.Apprise(asset=asset)
            if not service.add(_address(project, receiver)):
                reason = "its address is none that Apprise knows"
            elif service.notify(
                body=message.body, title=message.title, body_format=apprise.NotifyFormat.TEXT
            ):
                continue
            else:
                reason = (
                    "it was not taken; see that its address is right and that it can be reached from here"
                )
        except (OSError, LookupError) as error:
            reason = str(error)
        except Exception as error:
            reason = type(error).__name__
        yield f"No message was sent to {receiver.name}: {reason}"


def _address(project: Project, receiver: Receiver) -> str:
    """The address of a receiver; raises LookupError or OSError where it is not there."""
    if receiver.url_env:
        if not os.environ.get(receiver.url_env):
            raise LookupError(f"the environment variable {receiver.url_env} is not set")
        return os.environ[receiver.url_env].strip()
    return (project.folder / receiver.url_file).read_text(encoding="utf-8").strip()
