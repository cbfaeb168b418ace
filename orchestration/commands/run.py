"""One run of the whole job from the command line, through the real Dagster job, with its summary."""

from threading import Thread
from typing import Any

from rich.console import Console
from rich.text import Text

from orchestration.dagster_home import prepare_home
from orchestration.exit_status import ExitStatus
from orchestration.launch import Launch
from orchestration.progress import listening
from transforms.text_extra import unread

HEADLINE = """
    SELECT period, framework, framework_version, node, level, score, grade, coverage, status FROM index.scores
    WHERE cut = 'company' AND level <= CASE WHEN framework = '{first}' THEN 1 ELSE 0 END
        AND period = (SELECT max(period) FROM index.scores WHERE cut = 'company' AND score IS NOT NULL)
    ORDER BY framework <> '{first}', framework, framework_version, level, node
"""
LACKING = "SELECT count(*), count(lacks) FROM catalog.kpis"


def run_project(launch: Launch) -> ExitStatus:
    """Run the job, for all months or for those of the launch, and show what happened.

    DONE if a version was published, REFUSED if a check or an error stopped it; readers then keep the version they had.
    """
    from orchestration.commands.console import plain_console

    console = plain_console()
    told = unread(is_asked=launch.project.settings.texts is not None)
    for notice in (*prepare_home(launch.project), *told):
        console.print(notice, soft_wrap=True)
    from expectations.run import preload

    Thread(target=preload, daemon=True).start()
    run_id, failure, watcher = _attempt(console, launch)
    if watcher.build_was_damaged:
        run_id, failure, watcher = _attempt(console, launch)
    _summarise(console, launch, watcher, failure)
    for notice in _told(launch, run_id):
        console.print(notice, soft_wrap=True)
    return ExitStatus.DONE if watcher.version else ExitStatus.REFUSED


def _attempt(console: Console, launch: Launch) -> tuple[str, str | None, Any]:
    """Run the job once; returns the run's id, why it failed, if so, and the watcher that saw it."""
    from orchestration.commands.console import Watcher, own_console, print_line

    watcher = Watcher(own_console(), _table_count(launch))
    with watcher.progress, listening(watcher):
        run_id, failure = _execute(launch)
    for notice in watcher.notices:
        print_line(console, notice)
    return run_id, failure, watcher


def _table_count(launch: Launch) -> int:
    from orchestration.models import asked_models

    return sum(node.schema != "staging" for node in asked_models(launch.project).values())


def _execute(launch: Launch) -> tuple[str, str | None]:
    """Run Dagster's job in this process; returns the run's id and why it failed, None if it did not."""
    import dagster as dg

    from orchestration.definitions import definitions
    from orchestration.jobs import JOB, RERUN_MONTHS
    from orchestration.run_outcome import failure_told

    defs = definitions(launch.project, launch.as_of)
    job = defs.resolve_job_def(RERUN_MONTHS if launch.months else JOB)
    config = {
        "resources": {"warehouse": {"config": launch.resource_config}},
        # What happens is drawn from our own events; Dagster keeps its log for the UI.
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(
            run_config=config,
            tags=launch.month_tags,
            instance=instance,
            raise_on_error=False,
        )
    return result.run_id, None if result.success else failure_told(result.all_events)


def _told(launch: Launch, run_id: str) -> list[str]:
    """Send the message of the run, if somebody wants one; returns whom it did not reach."""
    if launch.project.file.notify is None:
        return []
    import dagster as dg

    from orchestration.notify import told_of

    with dg.DagsterInstance.get() as instance:
        return told_of(launch.project, instance, run_id)


def _summarise(console: Console, launch: Launch, watcher: Any, failure: str | None) -> None:
    from orchestration.commands.console import (
        checks_line,
        headline_table,
        lacks_line,
        loads_table,
        news_lines,
        print_line,
        unmet_lines,
    )
    from orchestration.commands.first_mapping import most_unlocking
    from orchestration.news import news
    from warehouse.store import read_published

    current = launch.project.current
    if launch.months:
        first, last = launch.months
        console.print(f"Months {first:%Y-%m} to {last:%Y-%m}, from what had landed; no file was looked at.")
    elif watcher.loads:
        console.print(loads_table(watcher.loads))
    elif watcher.results:
        console.print("No new rows.")
    if watcher.results:
        console.print(checks_line(watcher.results))
    for line in unmet_lines(watcher.results):
        print_line(console, line)
    if watcher.version is None:
        blocking = [
            f"{r.check.table} {r.check.name}" for r in watcher.results if not r.passed and r.check.blocking
        ]
        reason = f"blocked by {', '.join(blocking)}" if blocking else failure
        console.print(Text("Not published:", style="red"), reason, soft_wrap=True)
        console.print(f"Readers keep {current}." if current.exists() else "Nothing has been published yet.")
        return
    console.print(lacks_line(read_published(current, LACKING).row(0)), soft_wrap=True)
    for line in (*most_unlocking(launch.project), *news_lines(news(watcher.version))):
        print_line(console, line)
    # Of the first framework with its parts, of others the index alone.
    leading = next((framework.code for framework in launch.project.settings.frameworks), "")
    headline = list(read_published(current, HEADLINE.format(first=leading)).iter_rows(named=True))
    console.print(
        headline_table(headline)
        if headline
        else "No index: the project names no framework, or none of its KPIs has a record."
    )
    console.print(f"Published: {current} → {watcher.version.name}", soft_wrap=True)
    if launch.project.file.pages.written:
        console.print(f"Pages: {launch.project.warehouse / 'current-site' / 'index.html'}", soft_wrap=True)
