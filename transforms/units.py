"""The units of KPIs: for each what values it can have, how it is charted and how it is shown.

Limits of records, intervals and charts, checks, `catalog.units` and dictionary follow from here; which KPI has which
unit is its own entry's word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isinf
from typing import Literal

import polars as pl


@dataclass(frozen=True)
class Unit:
    """A unit: its range, whether a value is its numerator over its denominator, its chart and its words.

    Where it `adds_up`, numerators and denominators of the segments of a cut are those of the company.
    `chart` is the family of control charts: p for shares of cases, u for rates, else XmR. In sentences a value is
    multiplied by `shown_times`, shown to so many `decimals` (else to as many as its limits ask for) and followed by
    `words`; a change of it, by `change_words`.
    """

    title: str
    lowest: float = 0.0
    highest: float = inf
    is_quotient: bool = False
    adds_up: bool = False
    chart: Literal["p", "u"] | None = None
    words: str = ""
    change_words: str = ""
    shown_times: float = 1.0
    decimals: int | None = None


# A share is a quotient of counts; a probability is an estimate and no such quotient.
UNITS: Mapping[str, Unit] = {
    "share": Unit(
        "share, 0 to 1",
        highest=1.0,
        is_quotient=True,
        adds_up=True,
        chart="p",
        words=" %",
        change_words=" percentage points",
        shown_times=100.0,
        decimals=1,
    ),
    "probability": Unit(
        "estimated probability, 0 to 1",
        highest=1.0,
        words=" %",
        change_words=" percentage points",
        shown_times=100.0,
        decimals=1,
    ),
    "ratio": Unit("ratio, may exceed 1", is_quotient=True),
    "per_10k_policies": Unit(
        "cases per 10,000 policies", is_quotient=True, chart="u", words=" per 10,000 policies"
    ),
    "per_100m_premium": Unit(
        "cases per 100 million of premium", is_quotient=True, chart="u", words=" per 100 million of premium"
    ),
    "per_10k_person_times": Unit(
        "cases per 10,000 person-times", is_quotient=True, chart="u", words=" per 10,000 person-times"
    ),
    "per_100_claims": Unit("cases per 100 claims", is_quotient=True, chart="u", words=" per 100 claims"),
    "days": Unit("days", words=" days"),
    "hours": Unit("hours", words=" hours"),
    "minutes": Unit("minutes", words=" minutes"),
    "seconds": Unit("seconds", words=" seconds"),
    "count": Unit("number of cases", adds_up=True),
    "score_0_100": Unit("score, 0 to 100", highest=100.0, words=" points"),
    "points": Unit("points, -100 to 100", lowest=-100.0, highest=100.0, words=" points"),
    "number": Unit("a number in a unit of its own", lowest=-inf),
}

# Rounding may carry a quotient or mean so far beyond its range; it is brought back.
TOLERANCE = 1e-9


def of_unit(attribute: str) -> pl.Expr:
    """An attribute of the unit that the column `unit` names; empty for an unknown unit."""
    values = {code: getattr(unit, attribute) for code, unit in UNITS.items()}
    dtype = pl.Series(list(values.values())).dtype
    return pl.col("unit").replace_strict(values, default=None, return_dtype=dtype)


def in_range(values: pl.Expr, less: pl.Expr | float = 0.0) -> pl.Expr:
    """Values of the unit that the column `unit` names, less something, brought to the nearest its range allows."""
    return values.clip(of_unit("lowest") - less, of_unit("highest") - less)


def unit_rows() -> list[tuple[object, ...]]:
    """One row per unit, in the columns of catalog.units."""
    return [
        (
            code,
            unit.title,
            unit.lowest,
            None if isinf(unit.highest) else unit.highest,
            unit.is_quotient,
            unit.adds_up,
        )
        for code, unit in UNITS.items()
    ]
