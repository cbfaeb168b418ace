"""Columns as a source system keeps them: identifiers, days, instants of recording, values that may be absent.

Which columns a feed has is said where its rows are made.
"""

import numpy as np
import polars as pl

from simulation.clock import NEVER, Days, Instants, Window, at_work, microseconds


def numbered(prefix: str, count: int) -> pl.Series:
    """Identifiers of equal length, such as P10000000, P10000001, …"""
    return prefix + pl.Series(np.arange(10_000_000, 10_000_000 + count)).cast(pl.String)


def dates(days: Days) -> pl.Series:
    """Days as dates; NEVER is null."""
    known = pl.Series(np.where(days == NEVER, 0, days).astype(np.int32)).cast(pl.Date)
    return known.set(pl.Series(days == NEVER), None) if (days == NEVER).any() else known


def recorded(days: Days, window: Window, rng: np.random.Generator) -> pl.Series:
    """When a system knew of what happened on a day: in the working hours of that day."""
    instants = np.minimum(at_work(days + rng.random(len(days))), window.end - 1e-4)
    return pl.Series(microseconds(instants)).cast(pl.Datetime("us"))


def pointed(values: pl.Series, index: Days) -> pl.Series:
    """Values at an index; nothing where it is negative."""
    return values.gather(pl.Series(index).set(pl.Series(index < 0), None))


def instants(moments: Instants, window: Window | None = None) -> pl.Series:
    """Instants as timestamps; nothing where they are infinite, or have not come in the window."""
    come = moments < (np.inf if window is None else window.end)
    values = pl.Series(microseconds(np.where(come, moments, 0.0))).cast(pl.Datetime("us"))
    return values.set(pl.Series(~come), None)
