"""Mess on purpose and in known amounts: duplicates, corrections, late records, and rows no contract accepts.

Faulty rows are bad copies sent beside the good ones, and a correction comes after a wrong first version, so
that a warehouse that handles them all arrives at the clean data; the exact amounts go into truth.json.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from simulation.clock import Window

DAY = 86_400_000_000  # microseconds
DUPLICATE_SHARE = 0.004
CORRECTION_SHARE = 0.003
LATE_SHARE = 0.005
LATE_DAYS = (3.0, 25.0)
AFTER_AS_OF_SHARE = 0.0003
AFTER_AS_OF_DAYS = (0.1, 10.0)
SETTLED_DAYS = 30  # only what is older than this is corrected or recorded late
UNKNOWN_CODE_SHARE = 0.0010
BAD_DATE_SHARE = 0.0010
BLANK_KEY_SHARE = 0.0005
AT_LEAST = 3
REJECTED_AT_MOST = (
    0.04  # of a file's rows, all reasons together: under what a project file tolerates by itself
)
LISTED = 200  # identifiers that the truth spells out
SHARES = {"unknown_code": UNKNOWN_CODE_SHARE, "bad_date": BAD_DATE_SHARE, "blank_key": BLANK_KEY_SHARE}


@dataclass(frozen=True)
class Faults:
    """How rows of a feed go wrong: for each reason of rejection the column and what stands in it.

    `wrong` makes the wrong first version of rows that are corrected later; `correctable` says which can be.
    """

    key: tuple[str, ...]
    recorded_at: str
    rejected: Mapping[str, tuple[str, str | None]]
    wrong: Callable[[pl.DataFrame], pl.DataFrame]
    correctable: pl.Expr
    shown: tuple[str, ...]  # columns whose final value the truth gives for corrected rows
    date_format: str = "%Y-%m-%d"
    datetime_format: str = "%Y-%m-%d %H:%M:%S"
    readable: pl.Expr = field(
        default_factory=lambda: pl.lit(True)
    )  # rows that are not skipped before any check
    file_of: pl.Expr = field(
        default_factory=lambda: pl.lit(0)
    )  # which of the feed's files a row is written to


@dataclass(frozen=True)
class Delivery:
    """Rows as delivered, the rows that must be rejected (text in every column), and the exact amounts."""

    rows: pl.DataFrame
    rejected: pl.DataFrame
    amounts: dict


def deliver(rows: pl.DataFrame, faults: Faults, window: Window, rng: np.random.Generator) -> Delivery:
    count = len(rows)
    recorded = rows[faults.recorded_at].cast(pl.Int64).to_numpy().copy()
    settled = recorded < (window.end - SETTLED_DAYS) * DAY
    masks = rows.with_columns(correctable=faults.correctable.fill_null(False), readable=faults.readable)
    correctable, readable = (masks[name].to_numpy() for name in ("correctable", "readable"))
    pick = _Picker(count, rng)
    corrected = pick(CORRECTION_SHARE, correctable & settled)
    late = pick(LATE_SHARE, settled)
    unseen = pick(AFTER_AS_OF_SHARE, ~settled)
    twice = pick(DUPLICATE_SHARE)
    wrong = faults.wrong(rows[corrected])
    recorded[late] += (rng.uniform(*LATE_DAYS, len(late)) * DAY).astype(np.int64) // 1_000_000 * 1_000_000
    later = window.end + rng.uniform(*AFTER_AS_OF_DAYS, len(unseen))
    recorded[unseen] = (later * 86_400).astype(np.int64) * 1_000_000
    recorded[corrected] += (rng.uniform(0.5, 1.9, len(corrected)) * 86_400).astype(np.int64) * 1_000_000
    final = rows.with_columns(pl.Series(faults.recorded_at, recorded).cast(pl.Datetime("us")))
    largest = final.filter(faults.readable).group_by(file=faults.file_of).len()["len"].max() or 0
    bearable = int(REJECTED_AT_MOST * largest / len(faults.rejected))
    broken = {
        reason: final[pick(SHARES[reason], readable, at_most=bearable)].with_columns(
            pl.lit(value, dtype=pl.String).alias(column)
        )
        for reason, (column, value) in faults.rejected.items()
    }
    delivered = pl.concat([final, wrong, final[twice]])
    amounts = {
        "rows_written": len(delivered) + sum(map(len, broken.values())),
        "rows_rejected": {reason: len(frame) for reason, frame in broken.items()},
        "duplicates": len(twice),
        "corrections": len(corrected),
        "late": len(late),
        "late_after_as_of": len(unseen),
        "distinct_keys": count,
        "distinct_keys_by_as_of": count - len(unseen),
        "corrected": final[corrected[:LISTED]].select(*faults.key, *faults.shown).cast(pl.String).to_dicts(),
        "recorded_after_as_of": final[unseen[:LISTED]].select(faults.key).cast(pl.String).to_dicts(),
    }
    return Delivery(delivered, _as_text([*broken.values()], faults), amounts)


def together(one: dict, other: dict) -> dict:
    """The amounts of two files of a feed as those of the feed: numbers and lists added up, reason by reason."""
    return {
        name: together(amount, other[name]) if isinstance(amount, dict) else amount + other[name]
        for name, amount in one.items()
    }


class _Picker:
    """Draws disjoint sets of rows, so that no row goes wrong in two ways."""

    def __init__(self, count: int, rng: np.random.Generator) -> None:
        self.free = np.ones(count, dtype=bool)
        self.rng = rng

    def __call__(
        self, share: float, among: NDArray[np.bool_] | None = None, *, at_most: int | None = None
    ) -> NDArray[np.int64]:
        candidates = np.flatnonzero(self.free if among is None else self.free & among)
        wanted = min(max(AT_LEAST, round(share * len(self.free))), len(candidates) // 2)
        wanted = wanted if at_most is None else min(wanted, at_most)
        chosen = np.sort(self.rng.choice(candidates, wanted, replace=False))
        self.free[chosen] = False
        return chosen


def _as_text(frames: list[pl.DataFrame], faults: Faults) -> pl.DataFrame:
    """Rows with text in every column, dates and instants as the source writes them, empty where null."""
    formats = {pl.Datetime: faults.datetime_format, pl.Date: faults.date_format}

    def text(name: str, dtype: pl.DataType) -> pl.Expr:
        column = pl.col(name)
        if dtype.base_type() in formats:
            return column.dt.to_string(formats[dtype.base_type()])
        return (column.round(2) if dtype.is_float() else column).cast(pl.String)

    return pl.concat(
        frame.select(text(name, dtype) for name, dtype in frame.schema.items()) for frame in frames
    )
