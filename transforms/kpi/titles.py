"""kpi.titles: what the KPIs of the records are called, for tables that people read.

Everything else that a KPI is stands in the dictionary and in `catalog.kpis`.
"""

import polars as pl

from transforms.kpi.registry import registry
from transforms.model import transform
from transforms.settings import Settings
from transforms.units import UNITS


@transform(
    writes="kpi.titles",
    reads={"kpi_monthly": "kpi.monthly"},
    keys=("kpi",),
    grain=("kpi",),
    columns={
        "kpi": (pl.String, "Code of the KPI."),
        "title": (pl.String, "Its title."),
        "unit_title": (pl.String, "Its unit in words."),
    },
)
def titles(kpi_monthly: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per KPI that has records, with its title and its unit in words."""
    known = pl.LazyFrame(
        [(kpi.code, kpi.title, UNITS[kpi.unit].title) for kpi in registry(settings)],
        schema={"kpi": pl.String, "title": pl.String, "unit_title": pl.String},
        orient="row",
    )
    return kpi_monthly.select("kpi").unique().join(known, on="kpi", how="left")
