"""Rates: cases, or an amount of theirs, per exposure, which is a number of cases of another fact or stated by a feed.

The cases are counted as those of any measure (`case_figures.py`), exposures in `stock_figures.py`.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.measures.case_measures import OfCases, filled, over
from transforms.measures.definition import ZERO, Exposure, Pick, Record, Statistic, Statistics
from transforms.statistics.intervals import compound_poisson, garwood, wilson


@dataclass(frozen=True)
class PerExposure(OfCases):
    """Cases, or their `amount`, per exposure, times `per`.

    The interval is exact Poisson, Wilson's where the rate is a share; of amounts it is exact Poisson over the
    effective number of cases.
    """

    exposure: Exposure
    per: float = 1.0
    amount: str | None = None
    is_share: bool = True

    @property
    def exposures(self) -> tuple[Exposure, ...]:
        return (self.exposure,)

    @property
    def interval(self) -> str:
        """The kind of its interval, for the dictionary."""
        if self.amount:
            return "Poisson, over the effective number of cases (Fay and Feuer)"
        return "Wilson" if self.per == 1.0 and self.is_share else "exact Poisson (Garwood)"

    @property
    def conditions(self) -> tuple[pl.Expr, ...]:
        return (filled(self.amount),) if self.amount else ()

    def statistics(self, as_of: date) -> Statistics:
        if self.amount is None:
            return {"count": Statistic(pl.lit(True))}
        amount = pl.col(self.amount).cast(pl.Float64).fill_null(0.0)
        return {"count": Statistic(amount), "squares": Statistic(amount**2), "n": Statistic(pl.lit(True))}

    def record(self, figure: Pick) -> Record:
        count, exposure = figure("count"), pl.col(self.exposure.name).cast(pl.Float64)
        scaled = exposure / self.per
        if self.amount:
            low, high = compound_poisson(count, figure("squares"), scaled)
        elif self.per == 1.0 and self.is_share:
            low, high = wilson(count, exposure)
        else:
            low, high = garwood(count, scaled)
        return {
            "numerator": count,
            "denominator": scaled,
            "value": over(count, scaled),
            "ci_low": low,
            "ci_high": high,
            "n": figure("n") if self.amount else exposure if self.exposure.is_number else count,
            "n_undetermined": ZERO,
        }
