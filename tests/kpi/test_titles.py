"""kpi.titles: each KPI of the records once, in the words of the dictionary."""

from datetime import date

import polars as pl

from transforms.kpi.monthly import monthly
from transforms.kpi.titles import titles
from transforms.settings import Settings


def test_a_kpi_is_called_what_the_dictionary_calls_it():
    records = pl.LazyFrame({"kpi": ["claim_paid_share", "nps_points", "claim_paid_share"]})
    records = records.with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in monthly.schema.items() if name != "kpi"
    )
    made = titles(kpi_monthly=records, as_of=date(2025, 3, 31), settings=Settings()).sort("kpi").collect()
    assert made["kpi"].to_list() == ["claim_paid_share", "nps_points"]
    assert made["unit_title"].to_list() == ["share, 0 to 1", "points, -100 to 100"]
    assert made["title"].null_count() == 0
