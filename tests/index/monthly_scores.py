"""Scores of one branch and of the company over three months, which the tables of contributions explain."""

import polars as pl
from index_examples import FEBRUARY, JANUARY, MARCH, framework, leaf, made, records

from transforms.index.scores import scores

MONTHLY = [
    (JANUARY, "B1", {"a": 72, "b": 85, "c": 64}),
    (FEBRUARY, "B1", {"a": 78, "b": 83, "c": 70, "d": 70}),
    (MARCH, "B1", {"a": 78, "b": 83}),
    (JANUARY, "company", {"a": 75, "b": 80, "c": 60, "d": 65}),
    (MARCH, "company", {"a": 76, "b": 81, "c": 61, "d": 64}),
]
FLAT = framework({kpi: leaf(kpi, weight=w) for kpi, w in zip("abcd", (0.35, 0.30, 0.20, 0.15), strict=True)})


def monthly_scores() -> pl.LazyFrame:
    """index.scores of MONTHLY under FLAT."""
    rows = [
        {
            "kpi": kpi,
            "value": float(value),
            "period": period,
            "segment": segment,
            "cut": segment if segment == "company" else "org_unit",
        }
        for period, segment, values in MONTHLY
        for kpi, value in values.items()
    ]
    return made(scores, FLAT, kpi_monthly=records(rows))
