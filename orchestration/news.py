"""What a published version says that the one before it did not: a month that is complete, signals of weight.

For the closing summary of a run and for messages; how either words it is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl

from warehouse.folder import Folder
from warehouse.publish import versions
from warehouse.store import read_published

AS_OF = "SELECT max(as_of) FROM kpi.monthly"
KEYS = ("measure", "framework_version", "basis", "cut", "segment", "period")
# Of weight are the index, of the company and its units, and what counts in it, of the company; without an index,
# every KPI of the company.
SIGNALS = """
    WITH scored AS (SELECT max(period) AS period FROM marts.index_trend WHERE cut = 'company' AND score IS NOT NULL)
    SELECT signals.*, coalesce(titles.title, signals.measure) AS title
    FROM marts.signals AS signals
    LEFT JOIN kpi.titles AS titles ON titles.kpi = signals.measure
    WHERE signals.period = (SELECT coalesce(any_value(period), (SELECT max(period) FROM marts.signals)) FROM scored)
        AND (
            (signals.kind = 'index' AND (
                signals.cut = 'company' OR (signals.cut = 'org_unit' AND signals.measure LIKE '% index')
            ))
            OR (signals.cut = 'company' AND (
                signals.measure IN (SELECT kpi FROM index.nodes)
                OR (SELECT any_value(period) IS NULL FROM scored)
            ))
        )
    ORDER BY signals.is_good NULLS LAST, signals.kind, signals.cut, signals.measure, signals.basis, signals.segment
"""
KNOWN = f"SELECT {', '.join(KEYS)} FROM marts.signals"


@dataclass(frozen=True)
class Signal:
    """A signal in words, and what it is of; `segment` is empty for the company."""

    title: str
    segment: str
    sentence: str


@dataclass(frozen=True)
class News:
    """What is new; `before` is the name of the version compared with, None for the first one."""

    before: str | None
    month: date | None
    """The newest complete month, if the version before did not have all of it."""
    signals: Sequence[Signal]
    """For the worse first."""


def news(version: Path) -> News:
    """What a version says that the one published before it did not."""
    earlier = [path for path in versions(Folder(version.parent.parent)) if path.name < version.name]
    before = earlier[-1] if earlier else None
    month = _complete_month(version)
    is_new = month and not (before and (_complete_month(before) or date.min) >= month)
    known = _rows(before, KNOWN) if before else pl.DataFrame()
    found = read_published(version, SIGNALS)
    if known.width:
        found = found.join(known, on=KEYS, how="anti", maintain_order="left")
    signals = [
        Signal(row["title"], "" if row["cut"] == "company" else row["segment"], row["sentence"])
        for row in found.iter_rows(named=True)
    ]
    return News(before.name if before else None, month if is_new else None, signals)


def _complete_month(version: Path) -> date | None:
    """The newest month that had ended by the version's as-of day."""
    found = _rows(version, AS_OF)
    as_of = found.item() if found.width else None
    if as_of is None:
        return None
    after = as_of + timedelta(days=1)
    return (after.replace(day=1) - timedelta(days=1)).replace(day=1)


def _rows(version: Path, sql: str) -> pl.DataFrame:
    """The rows of a query; nothing where an old version has no such table, or cannot be read."""
    try:
        return read_published(version, sql)
    except duckdb.Error:
        return pl.DataFrame()
