"""Scores of one dimension from facts and from answers, month after month, which the tables of the two sides read."""

from datetime import date

import polars as pl
from index_examples import framework, leaf, made, records

from transforms.index.scores import scores

SPEC = framework(
    {"facts": {"children": {"a": leaf("a")}}, "voice": {"children": {"b": leaf("b")}}},
    dimensions={"reliability": {"objective": "facts", "perceived": "voice"}},
)


def scored(objective, perceived, segments: int = 1) -> pl.LazyFrame:
    """Scores of months in a row, split over segments one after the other."""
    rows = [
        {
            "kpi": kpi,
            "value": float(v),
            "segment": f"B{i % segments}",
            "period": date(2020 + i // 12, i % 12 + 1, 1),
        }
        for kpi, values in (("a", objective), ("b", perceived))
        for i, v in enumerate(values)
    ]
    return made(scores, SPEC, kpi_monthly=records(rows))
