"""The measured columns of KPIs from their figures, the common form of everything that is computed from facts.

How figures come about is in `case_figures.py`, `stock_figures.py` and `curve_figures.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from transforms.measures.definition import Kpi
from transforms.measures.segments import PLACE, Places
from transforms.statistics.ordered import Array, Floats

NUMBERS = ("numerator", "denominator", "value", "ci_low", "ci_high", "n", "n_undetermined", "n_excluded")
# Whether the cases have been followed too short for the value; only measures that look at that say so.
EARLY = "is_early"
PERIOD = pl.UInt32
SERIES = pl.UInt16


@dataclass(frozen=True)
class Series:
    """A KPI on one basis, by its number: what has one value a period and place."""

    number: int
    kpi: Kpi
    basis: str


@dataclass(frozen=True)
class Figures:
    """What a series is measured from: under each name one number a period (row) and place (column).

    `periods` and `places` are their numbers. Without `numbers` there is nothing to measure, only records of it.
    """

    series: Series
    periods: Array
    places: Array
    numbers: Mapping[str, Floats]

    @classmethod
    def of(
        cls, series: Series, periods: pl.DataFrame, places: Places, numbers: Mapping[str, Floats]
    ) -> "Figures":
        """The figures of the places that divide the series' fact, from numbers of all places."""
        own = places.of_cuts(series.kpi.fact)
        return cls(
            series,
            periods["period"].to_numpy(),
            own,
            {name: array[:, own] for name, array in numbers.items()},
        )

    def frame(self) -> pl.DataFrame:
        """One row a period and place."""
        shape = (len(self.periods), len(self.places))
        keys = {
            "series": pl.repeat(self.series.number, shape[0] * shape[1], dtype=SERIES, eager=True),
            "period": pl.Series(np.repeat(self.periods, shape[1]), dtype=PERIOD),
            "place": pl.Series(np.tile(self.places, shape[0]), dtype=PLACE),
        }
        return pl.DataFrame({**keys, **{name: array.ravel() for name, array in self.numbers.items()}})

    @property
    def record(self) -> dict[str, pl.Expr]:
        """How the measure makes its record of the numbers."""
        if not self.numbers:
            return dict.fromkeys(NUMBERS, pl.lit(None))
        return {"n_excluded": pl.col("n_excluded"), **self.series.kpi.measure.record(pl.col)}

    @property
    def formula(self) -> tuple[object, ...]:
        """Equal for series whose records are made in the same way.

        Polars shows expressions with rounded numbers; those come from the measure and are compared themselves.
        """
        measure = self.series.kpi.measure
        exact = tuple(value for value in vars(measure).values() if isinstance(value, int | float))
        shown = tuple((name, str(e)) for name, e in sorted(self.record.items()))
        return type(measure), exact, shown, tuple(sorted(self.numbers))


def measured(figures: Iterable[Figures]) -> pl.DataFrame:
    """Series, period and place with NUMBERS and EARLY, in the order of the series.

    Series whose measures make their records in the same way are computed together.
    """
    alike: dict[tuple[object, ...], list[Figures]] = {}
    for one in figures:
        alike.setdefault(one.formula, []).append(one)
    found: dict[int, list[pl.DataFrame]] = {}
    for some in alike.values():
        record = some[0].record
        rows = pl.concat([one.frame() for one in some]).lazy().fill_nan(None)
        # Lazily, since only then what limits have in common is worked out once.
        together = rows.select(
            "series",
            "period",
            "place",
            *(record[name].cast(pl.Float64).alias(name) for name in NUMBERS),
            record.get(EARLY, pl.lit(False)).alias(EARLY),
        ).collect()
        begin = 0
        for one in some:
            height = len(one.periods) * len(one.places)
            found.setdefault(one.series.number, []).append(together[begin : begin + height])
            begin += height
    return pl.concat([part for number in sorted(found) for part in found[number]], rechunk=True)
