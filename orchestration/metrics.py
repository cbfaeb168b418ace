"""What a monitoring system asks of a warehouse, as the text file that Prometheus' node exporter collects.

Age of data, rows, rejects, checks, seconds and sizes as the last run left them; the figures themselves are no metrics.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from orchestration.data_age import Age
from orchestration.progress import Event
from orchestration.run_log import COUNTS
from warehouse.whole_file import write_whole

FILE_NAME = "metrics.prom"
FILES = ("raw.duckdb", "build.duckdb", "state.duckdb", "current.duckdb")


Values = Mapping[tuple[str, ...], float] | Mapping[tuple[str], float] | Mapping[tuple[()], float]


@dataclass
class Seen:
    """What of a run's events becomes metrics."""

    loads: list[Any] = field(default_factory=list)
    made: list[Any] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    has_failed: bool = False
    ages: Mapping[str, Age] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Note an event."""
        kept = {"landed": self.loads, "made": self.made, "checked": self.results}
        if event.kind in kept:
            kept[event.kind].append(event.detail)
        self.has_failed = self.has_failed or event.kind in ("failed", "damaged")


def write_metrics(
    path: Path, warehouse: Path, seen: Seen, as_of: date, began: datetime, ended: datetime
) -> None:
    """Write the metrics of a run that has ended, in place of those of the run before, in one step."""
    gauges = [*_of_run(seen, as_of, began, ended), *_of_tables(seen), *_of_files(warehouse)]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "".join(map(str, gauges)))


@dataclass(frozen=True)
class Gauge:
    """A metric that goes up and down; `values` by the values of its labels."""

    name: str
    text: str
    values: Values
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The metric in Prometheus' text format."""
        name = f"policypulse_{self.name}"
        head = f"# HELP {name} {self.text}\n# TYPE {name} gauge\n"
        return head + "".join(f"{name}{self._labelled(at)} {value!r}\n" for at, value in self.values.items())

    def _labelled(self, at: tuple[str, ...]) -> str:
        pairs = [f'{label}="{_escaped(value)}"' for label, value in zip(self.labels, at, strict=True)]
        return f"{{{','.join(pairs)}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _of_run(seen: Seen, as_of: date, began: datetime, ended: datetime) -> Iterator[Gauge]:
    success = {(): float(not seen.has_failed)}
    yield Gauge("run_success", "1 if the last run met no failure, else 0.", success)
    yield Gauge("run_end_timestamp_seconds", "When the last run ended.", {(): ended.timestamp()})
    yield Gauge("run_duration_seconds", "How long the last run took.", {(): (ended - began).total_seconds()})
    yield Gauge("as_of_timestamp_seconds", "Begin of the as-of day of the last run.", {(): _at(as_of)})
    newest = {(feed,): _at(age.newest_on) for feed, age in seen.ages.items()}
    yield Gauge(
        "feed_newest_timestamp_seconds",
        "Begin of the newest day that a feed's records speak of.",
        newest,
        ("feed",),
    )
    behind = {(feed,): float(age.days) for feed, age in seen.ages.items()}
    yield Gauge("feed_behind_days", "Days from a feed's newest record to the as-of day.", behind, ("feed",))
    rows = _rows(seen.loads)
    yield Gauge("feed_rows", "Rows of the files that the last run read.", rows, ("feed", "outcome"))
    yield Gauge("checks", "Checks of the last run.", _checks(seen.results), ("outcome",))


def _of_tables(seen: Seen) -> Iterator[Gauge]:
    rows = {(made.name,): float(made.rows) for made in seen.made}
    yield Gauge("table_rows", "Rows of a table that the last run made.", rows, ("table",))
    seconds = {(made.name,): made.seconds for made in seen.made}
    yield Gauge("table_seconds", "How long the last run made a table.", seconds, ("table",))


def _of_files(warehouse: Path) -> Iterator[Gauge]:
    files = [path for name in FILES if (path := warehouse / name).exists()]
    sizes = {(path.name,): float(path.stat().st_size) for path in files}
    yield Gauge("file_bytes", "Size of a file of the warehouse.", sizes, ("file",))
    for path in files:
        if path.is_symlink():
            since = path.lstat().st_mtime
            yield Gauge(
                "publication_timestamp_seconds", "When readers got the version they see.", {(): since}
            )


def _at(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _rows(loads: list[Any]) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {}
    for load in loads:
        for name in COUNTS:
            key = (load.feed, name.removeprefix("rows_"))
            found[key] = found.get(key, 0.0) + getattr(load, name)
    return found


def _checks(results: list[Any]) -> dict[tuple[str, ...], float]:
    outcomes = ["passed" if r.passed else "failed" if r.check.blocking else "warned" for r in results]
    return {(name,): float(outcomes.count(name)) for name in ("passed", "warned", "failed")}
