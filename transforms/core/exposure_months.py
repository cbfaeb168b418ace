"""core.exposure_months: what rates are per where the insurer states it, one row per month, unit and product line.

Exposure counted from the policy register itself is not here but in the KPI's own definition.
"""

from datetime import date

import polars as pl

from transforms.model import transform
from transforms.origins import Origins, item, passed_on
from transforms.settings import Settings


def _origins(settings: Settings) -> Origins:
    expected = item("exposures.premium_income")
    return {
        **passed_on(
            "exposures", "month", "policies", "lives", "premium_income", "reserve_opening",
            *(f"investment_{name}" for name in ("opening", "deposits", "surrendered")),
        ),
        "expected_complaints": expected if settings.market else expected & item("setting.market"),
    }  # fmt: skip


@transform(
    writes="core.exposure_months",
    reads={"exposures": "staging.exposures"},
    origins=_origins,
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
            "Confirmed complaints of the month if there were as many per premium as in the whole market.",
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
def exposure_months(exposures: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row per month, unit and product line up to the as-of month: policies, lives, premium, reserve,
    and investment contracts where the source states them.
    """
    market = settings.market
    per_premium = market.complaints / market.premium_income if market else None
    premium = pl.col("premium_income").cast(pl.Float64)
    return exposures.filter(pl.col("month") <= as_of).with_columns(
        expected_complaints=premium * pl.lit(per_premium, dtype=pl.Float64)
    )
