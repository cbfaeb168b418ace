"""What the command line shows: live progress, the closing summary, the rows of a query.

Everything is shown as it is: what stands in data may look like markup and never is.
"""

import os
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import polars as pl
from rich.console import Console
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from orchestration.exit_status import ExitStatus
from orchestration.news import News
from orchestration.progress import Event
from orchestration.run_log import line_of
from warehouse.differences import Difference

ROWS_SHOWN = 1000
WIDEST = 1_000_000
EXAMPLES_SHOWN = 2
NEWS_SHOWN = 5
LOGGED = frozenset({"waiting", "landed", "made", "published"})
"""What is told as it happens where no bar can be drawn; all else stands in the closing summary."""


def plain_console(file: TextIO | None = None) -> Console:
    """A console that takes no text for markup or emoji; on standard output if no file is given."""
    return Console(file=file, markup=False, emoji=False, highlight=False)


def own_console() -> Console:
    """A plain console on a duplicate of the standard output, which Dagster redirects while its steps run."""
    sys.stdout.flush()
    duplicate = os.dup(sys.stdout.fileno())
    return plain_console(os.fdopen(duplicate, "w", encoding=sys.stdout.encoding, errors="replace"))


class Watcher:
    """Collects a run's events and draws how far it is."""

    def __init__(self, console: Console, tables: int) -> None:
        self.notices: list[str] = []
        self.build_was_damaged = False
        self.loads: list[Any] = []
        self.results: list[Any] = []
        self.version: Path | None = None
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self.task = self.progress.add_task("landing files", total=tables)

    def __call__(self, event: Event) -> None:
        if not self.progress.console.is_terminal and event.kind in LOGGED:
            self.progress.console.print(f"{datetime.now():%H:%M:%S} {line_of(event)}", soft_wrap=True)
        if event.kind in ("noticed", "damaged"):
            self.notices.append(str(event.detail))
            self.build_was_damaged = self.build_was_damaged or event.kind == "damaged"
        elif event.kind == "landed":
            self.loads.append(event.detail)
            self.progress.update(self.task, description=f"landed {event.name}")
        elif event.kind == "made":
            self.progress.update(self.task, description=f"made {event.name}", advance=1)
        elif event.kind == "checked":
            self.results.append(event.detail)
            self.progress.update(self.task, description=f"checked {event.name}")
        elif event.kind == "published":
            self.version = event.detail["path"]  # type: ignore[index]
            self.progress.update(self.task, description="published")


def loads_table(loads: list[Any]) -> Table:
    """What became of the rows read, and what was taken back of those that stood there, per feed."""
    table = Table(title="Landed", title_justify="left")
    always, where_any = ("read", "landed", "rejected", "skipped"), ("unchanged", "taken_back")
    counted = (*always, *(name for name in where_any if any(getattr(load, f"rows_{name}") for load in loads)))
    for name in ("feed", "files", *(name.replace("_", " ") for name in counted)):
        table.add_column(name, justify="left" if name == "feed" else "right")
    by_feed: dict[str, list[Any]] = {}
    for load in loads:
        by_feed.setdefault(load.feed, []).append(load)
    for feed, members in by_feed.items():
        counts = (sum(getattr(load, f"rows_{name}") for load in members) for name in counted)
        table.add_row(feed, str(len(members)), *(f"{count:,}" for count in counts))
    return table


def checks_line(results: list[Any]) -> str:
    """How many checks passed, warned and failed."""
    failed = [r for r in results if not r.passed]
    blocking = [r for r in failed if r.check.blocking]
    return f"checks: {len(results) - len(failed)} passed, {len(failed) - len(blocking)} warned, {len(blocking)} failed"


def lacks_line(counts: tuple[int, int]) -> str:
    """How many of all KPIs are not applicable because something they need was never recorded."""
    kpis, lacking = counts
    return f"KPIs: {kpis - lacking} of {kpis} have what they need; what the others lack: catalog.kpis, column lacks"


def unmet_lines(results: Sequence[Any]) -> Iterator[str]:
    """The checks that did not pass, what each means and what it saw, in lines that a log can hold."""
    for result in results:
        if not result.passed:
            check = result.check
            yield f"{check.severity}: {check.table} {check.name}: {result.observed}"
            yield f"  {check.description}"
            yield from (f"  for example {_one_line(example)}" for example in result.examples[:EXAMPLES_SHOWN])


def print_line(console: Console, line: str) -> None:
    """Print a line: whole into a log, which searches and wraps by itself; between words, indented, on a terminal."""
    if console.is_terminal:
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        line = textwrap.fill(line, console.width, subsequent_indent=indent, break_on_hyphens=False)
    console.print(line, soft_wrap=True)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def news_lines(found: News) -> Iterator[str]:
    """What is new since the version before: the month, and the signals of weight, for the worse first."""
    since = f"since {found.before}" if found.before else "in this first version"
    month = f"{found.month:%Y-%m} is complete, " if found.month else ""
    count = len(found.signals)
    yield f"New {since}: {month}{count or 'no'} signal{'' if count == 1 else 's'} of weight{':' if count else '.'}"
    for signal in found.signals[:NEWS_SHOWN]:
        where = f" ({signal.segment})" if signal.segment else ""
        yield f"  {_one_line(signal.title)}{where}: {signal.sentence}"
    if count > NEWS_SHOWN:
        yield f"  … and {count - NEWS_SHOWN} more in marts.signals"


def headline_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The index of the company in its newest month, and of its pillars."""
    table = Table(
        title="Service-quality index of the company (grades on its own scale)", title_justify="left"
    )
    for name in ("month", "framework", "version", "node", "score", "grade", "coverage"):
        table.add_column(name, overflow="fold")
    for row in rows:
        score = row["status"] if row["score"] is None else f"{row['score']:.1f}"
        version = (f"{row['period']:%Y-%m}", row["framework"], row["framework_version"])
        cells = ("  " * row["level"] + row["node"], score, row["grade"] or "–", f"{row['coverage']:.0%}")
        table.add_row(*version, *cells)
    return table


def print_query(current: Path, sql: str, form: str) -> ExitStatus:
    """Print the rows of a query on a published file as `form` says; returns the exit status.

    A table shows the first rows, the others write all of them.
    """
    import duckdb

    from warehouse.csv_text import as_csv
    from warehouse.store import read_published

    try:
        rows = read_published(current, sql)
    except duckdb.IOException:
        raise
    except duckdb.Error as error:
        plain_console(sys.stderr).print(f"The query failed: {error}", soft_wrap=True)
        return ExitStatus.MISTAKEN
    if form == "csv":
        sys.stdout.write(as_csv(rows))
    elif form == "json":
        sys.stdout.write(rows.write_json() + "\n")
    elif form == "parquet" and sys.stdout.isatty():
        plain_console(sys.stderr).print("Parquet is not for a screen: add > rows.parquet", soft_wrap=True)
        return ExitStatus.MISTAKEN
    elif form == "parquet":
        rows.write_parquet(sys.stdout.buffer)
    else:
        print_rows(plain_console(), rows)
    return ExitStatus.DONE


def print_rows(console: Console, rows: pl.DataFrame) -> None:
    """Print the first rows and how many more there are: as a table, or one below the other where it is too wide."""
    shown = [["" if cell is None else str(cell) for cell in row] for row in rows.head(ROWS_SHOWN).iter_rows()]
    table = Table(*rows.columns)
    for row in shown:
        table.add_row(*row)
    whole = console.options.update(max_width=WIDEST)
    if Measurement.get(console, whole, table).maximum <= console.width:
        console.print(table)
    else:
        names = [name.ljust(max(map(len, rows.columns))) for name in rows.columns]
        for number, row in enumerate(shown, 1):
            lines = (f"{name}  {cell}" for name, cell in zip(names, row, strict=True))
            console.print("\n".join([f"── {number} ──", *lines]), soft_wrap=True)
    if rows.height > ROWS_SHOWN:
        console.print(f"… and {rows.height - ROWS_SHOWN:,} more rows")


def print_differences(found: Sequence[Difference]) -> bool:
    """Print the tables that two versions do not have in common, row by row; returns whether they are equal."""
    console = plain_console()
    unequal = [difference for difference in found if not difference.equal]
    if unequal:
        table = Table(title="Tables that differ", title_justify="left")
        for name in ("table", "only in old", "only in new", "differ", "of", "columns", "for example"):
            table.add_column(name, overflow="fold")
        for one in unequal:
            columns = ", ".join(f"{column} {count:,}" for column, count in one.columns.items())
            counts = (f"{count:,}" for count in (one.only_old, one.only_new, one.differing, one.rows))
            cells = (one.table, *counts, columns or one.unmatched, "\n".join(one.examples))
            table.add_row(*cells)
        console.print(table)
    console.print(f"{len(found) - len(unequal)} of {len(found)} tables are equal.")
    return not unequal
