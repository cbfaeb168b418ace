"""kpi.monthly: every KPI of every month, basis, cut and segment, one record each."""

import polars as pl

from transforms.kpi.every_period import READS, RECORDED, every_period
from transforms.model import transform
from transforms.periods import MONTH


@transform(
    writes="kpi.monthly",
    reads={**READS, **RECORDED},
    broadcast={"periods": "staging.periods"},
    shared=every_period,
    keys=(),
    grain=("kpi", "period", "basis", "cut", "segment"),
    partitioned_by="period",
    columns={
        "kpi": (pl.String, "Code of the KPI."),
        "period": (pl.Date, "First day of the month."),
        "basis": (
            pl.String,
            "cohort: cases received in the month; period: closed in it; stock: there at its end.",
        ),
        "cut": (pl.String, "What the company is divided by; company: the whole."),
        "segment": (pl.String, "The part of the cut."),
        "as_of": (pl.Date, "Day up to which records were known."),
        "numerator": (pl.Float64, "Numerator."),
        "denominator": (pl.Float64, "Denominator."),
        "value": (pl.Float64, "Value in its unit; empty unless status is ok or low_n. Shares are fractions."),
        "ci_low": (pl.Float64, "Lower end of the 95 % interval."),
        "ci_high": (pl.Float64, "Upper end of the 95 % interval."),
        "n": (pl.Int64, "Cases that determine the value."),
        "n_excluded": (pl.Int64, "Cases left out because their records contradict each other, or by rule."),
        "n_undetermined": (pl.Int64, "Cases whose outcome is not known yet."),
        "unit": (pl.String, "Unit of the value."),
        "direction": (pl.Int8, "1: higher is better, -1: lower is better, 0: neither."),
        "status": (pl.String, "ok, low_n, suppressed, immature, no_data or not_applicable."),
        "definition_version": (
            pl.String,
            "Version of the definition; never compare two versions as one series.",
        ),
    },
)
def monthly(shared: pl.LazyFrame, periods: pl.LazyFrame) -> pl.LazyFrame:
    """One row a KPI, month, basis, cut and segment: value, interval, numbers of cases and status."""
    return shared.filter(pl.col("grain") == MONTH).join(periods, on="period", how="semi")
