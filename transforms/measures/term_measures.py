"""The measure of terms whose state a fact already tells: met, breach or undetermined.

How the state comes about (calendar, contract, excluded days) is the fact's affair.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

import polars as pl

from transforms.measures.definition import Statistic
from transforms.statistics.intervals import wilson

STATES = ("met", "breach", "undetermined")


@dataclass(frozen=True)
class TermShare:
    """Cases in state `counts` among those met or in breach; Wilson interval."""

    interval: ClassVar[str] = "Wilson"
    state: str
    counts: Literal["met", "breach"]

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return tuple(pl.col(self.state) == state for state in ("met", "breach"))

    def statistics(self, as_of: date) -> Mapping[str, Statistic]:
        return {name: Statistic((pl.col(self.state) == name).fill_null(False)) for name in STATES}

    def record(self, statistic: Callable[[str], pl.Expr]) -> Mapping[str, pl.Expr]:
        counted, known = statistic(self.counts), statistic("met") + statistic("breach")
        low, high = wilson(counted, known)
        return {
            "numerator": counted,
            "denominator": known,
            "value": pl.when(known > 0).then(counted / known),
            "ci_low": low,
            "ci_high": high,
            "n": known,
            "n_undetermined": statistic("undetermined"),
        }
