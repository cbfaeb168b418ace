"""core.exposure_months: what rates are per where the insurer states it, one row per month, unit and product line.

Exposure counted from the policy register itself is not here but in the KPI's own definition.
"""

import polars as pl

from transforms.model import transform
from transforms.origins import Origins, all_of, item, passed_on
from transforms.periods import LENGTHS, first_day_of, grain_of

EVERY_LINE = "all"
ORIGINS: Origins = {
    **passed_on(
        "exposures", "month", "policies", "lives", "premium_income", "reserve_opening",
        *(f"investment_{name}" for name in ("opening", "deposits", "surrendered")),
    ),
    "expected_complaints": all_of(
        map(item, ("exposures.premium_income", "market_values.complaints", "market_values.premium_income"))
    ),
}  # fmt: skip


@transform(
    writes="core.exposure_months",
    reads={"exposures": "staging.exposures"},
    known_on={"exposures": "month"},
    broadcast={"market": "staging.market_values"},
    origins=lambda settings: ORIGINS,
    keys=("month", "org_unit", "product_line"),
    grain=("month", "org_unit", "product_line"),
    columns={
        "month": (pl.Date, "First day of the month."),
        "org_unit": (pl.String, "Organisational unit."),
        "region": (pl.String, "Region."),
        "product_line": (pl.String, "Product line."),
        "policies": (pl.Int64, "Policies in force at month end plus those terminated in it."),
        "lives": (pl.Int64, "Insured person-times."),
        "premium_income": (pl.Decimal(18, 2), "Premium income."),
        "expected_complaints": (
            pl.Float64,
            "Confirmed complaints of the month if there were as many per premium as in the whole market of the line; "
            "empty where the market is not known.",
        ),
        "reserve_opening": (pl.Decimal(18, 2), "Long-term reserve at the start of the year."),
        "investment_opening": (
            pl.Decimal(18, 2),
            "Deposits of investment contracts and balances of separate accounts at the start of the year.",
        ),
        "investment_deposits": (pl.Decimal(18, 2), "New deposits of these in the month."),
        "investment_surrendered": (pl.Decimal(18, 2), "Surrenders of these paid in the month."),
    },
)
def exposure_months(exposures: pl.LazyFrame, market: pl.LazyFrame) -> pl.LazyFrame:
    """One row per month, unit and product line up to the as-of month: policies, lives, premium, reserve,
    and investment contracts where the source states them.
    """
    rates = _rates(market)
    every_line = rates.filter(pl.col("product_line") == EVERY_LINE).select("month", of_market="rate")
    premium = pl.col("premium_income").cast(pl.Float64)
    return (
        exposures.join(rates, on=["month", "product_line"], how="left")
        .join(every_line, on="month", how="left")
        .with_columns(expected_complaints=premium * pl.coalesce("rate", "of_market"))
    )


def _rates(market: pl.LazyFrame) -> pl.LazyFrame:
    """month, product_line, rate: complaints per premium of the market, by the shortest period that has the month."""
    period = pl.col("period")
    length = grain_of(period).replace_strict(LENGTHS, return_dtype=pl.Int32)
    rate = pl.col("complaints") / pl.when(pl.col("premium_income") > 0).then("premium_income").cast(
        pl.Float64
    )
    return (
        market.select("product_line", starts_on=first_day_of(period), length=length, rate=rate)
        .drop_nulls("rate")
        .with_columns(
            month=pl.date_ranges(
                "starts_on", pl.col("starts_on").dt.offset_by(pl.format("{}mo", pl.col("length") - 1)), "1mo"
            )
        )
        .explode("month")
        .sort("length")
        .group_by("month", "product_line")
        .agg(pl.col("rate").first())
    )
