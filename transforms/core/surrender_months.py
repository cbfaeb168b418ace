"""core.surrender_months: surrender payments and what they are measured against, since the start of the year.

The regulator's surrender rate runs from January to the month and is not annualised; single events are in
`core.policy_events`.
"""

from datetime import date

import polars as pl

from transforms.core.policy_events import SURRENDERS
from transforms.model import transform
from transforms.origins import Origins, codes_of, item

PART = ("org_unit", "product_line", "region")
YEAR = (*PART, pl.col("month").dt.year())
INVESTMENT = ("opening", "deposits", "surrendered")

_paid = codes_of("policy_events.event")(*SURRENDERS) & item("policy_events.amount")
_reserve, _premium = item("exposures.reserve_opening"), item("exposures.premium_income")
_investment_paid = item("exposures.investment_surrendered")
_investment = item("exposures.investment_opening") | item("exposures.investment_deposits")
ORIGINS: Origins = {
    "month": item("exposures.month"),
    "paid_year_to_date": _paid,
    "premium_year_to_date": _premium,
    "reserve_opening": _reserve,
    "at_risk_year_to_date": _reserve & _premium,
    "investment_paid_year_to_date": _investment_paid,
    "investment_at_risk_year_to_date": _investment,
    "comprehensive_paid_year_to_date": _paid | _investment_paid,
    "comprehensive_at_risk_year_to_date": _reserve & _premium | _investment,
}


@transform(
    writes="core.surrender_months",
    reads={"events": "core.policy_events", "exposures": "core.exposure_months"},
    origins=lambda settings: ORIGINS,
    keys=("org_unit", "product_line"),
    grain=("month", "org_unit", "product_line", "region"),
    columns={
        "month": (pl.Date, "First day of the month."),
        "org_unit": (pl.String, "Organisational unit."),
        "product_line": (pl.String, "Product line."),
        "region": (pl.String, "Region."),
        "paid_year_to_date": (
            pl.Float64,
            "Surrenders and partial surrenders paid since the start of the year.",
        ),
        "premium_year_to_date": (pl.Float64, "Premium income of lines with a reserve since then."),
        "reserve_opening": (pl.Float64, "Long-term reserve at the start of the year."),
        "at_risk_year_to_date": (pl.Float64, "Opening reserve and premium income: the denominator."),
        "investment_paid_year_to_date": (
            pl.Float64,
            "Surrenders of investment contracts and separate accounts since then; empty if never stated.",
        ),
        "investment_at_risk_year_to_date": (
            pl.Float64,
            "Their balance at the start of the year and deposits since; empty if never stated.",
        ),
        "comprehensive_paid_year_to_date": (pl.Float64, "Both kinds of payments."),
        "comprehensive_at_risk_year_to_date": (pl.Float64, "Both kinds of denominators."),
    },
)
def surrender_months(events: pl.LazyFrame, exposures: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """One row per month, unit and product line: surrender payments and reserve and premium since January.

    Lines without a long-term reserve are not in the rate, only in the comprehensive one if they have investment
    contracts. Statistical indicator standard of 2009 as quoted in the press (a third-party copy): surrender
    payments / (opening long-term reserve + long-term premium income).
    """
    paid = events.filter(pl.col("event").is_in(SURRENDERS)).select(
        *PART,
        month=pl.coalesce("paid_on", "effective_on").dt.truncate("1mo"),
        paid=pl.col("amount").fill_null(0.0),
    )
    has_reserve = pl.col("reserve_opening") > 0
    fed = exposures.select(
        *(pl.col(name).fill_null("unknown") for name in PART),
        month=pl.col("month").dt.truncate("1mo"),
        premium=pl.when(has_reserve).then(pl.col("premium_income").cast(pl.Float64)),
        reserve=pl.when(has_reserve).then(pl.col("reserve_opening").cast(pl.Float64)),
        **{name: pl.col(f"investment_{name}").cast(pl.Float64) for name in INVESTMENT},
    )
    rows = pl.concat([paid, fed], how="diagonal").drop_nulls("month")
    # One row per month also where nothing was paid, so that every sum since January has all its months.
    spans = rows.group_by(PART).agg(
        month=pl.date_ranges(pl.col("month").min(), as_of.replace(day=1), "1mo").first(),
        has_reserve=pl.col("reserve").is_not_null().any(),
        has_investment=pl.any_horizontal(pl.col(INVESTMENT).is_not_null().any()),
    )
    amounts = pl.col("paid", "premium", "reserve", *INVESTMENT)
    # In decimals: sums of floats depend on the order of rows, and a rerun must change no number.
    sums = rows.group_by(*PART, "month").agg(amounts.cast(pl.Decimal(38, 6)).sum().cast(pl.Float64))
    months = (
        spans.filter(pl.col("has_reserve") | pl.col("has_investment"))
        .explode("month")
        .join(sums, on=[*PART, "month"], how="left")
        .sort("month")
    )
    return months.with_columns(
        paid_year_to_date=_since_january("paid", "has_reserve"),
        premium_year_to_date=_since_january("premium", "has_reserve"),
        reserve_opening=_stated_this_year("reserve"),
        investment_paid_year_to_date=_where(
            "has_investment", _since_january("surrendered", "has_investment")
        ),
        investment_at_risk_year_to_date=_where(
            "has_investment", _stated_this_year("opening") + _since_january("deposits", "has_investment")
        ),
    ).with_columns(
        at_risk_year_to_date=pl.col("reserve_opening") + pl.col("premium_year_to_date"),
        comprehensive_paid_year_to_date=pl.col("paid_year_to_date")
        + pl.col("investment_paid_year_to_date").fill_null(0.0),
        comprehensive_at_risk_year_to_date=pl.col("reserve_opening")
        + pl.col("premium_year_to_date")
        + pl.col("investment_at_risk_year_to_date").fill_null(0.0),
    )


def _since_january(amount: str, counts: str) -> pl.Expr:
    """Sum of an amount since the start of the year, 0 for lines that do not count."""
    return pl.when(counts).then(pl.col(amount).fill_null(0.0)).otherwise(0.0).cum_sum().over(YEAR)


def _stated_this_year(amount: str) -> pl.Expr:
    """What stands at the start of the year: every month may state it again."""
    return pl.col(amount).fill_null(0.0).cum_max().over(YEAR)


def _where(counts: str, amount: pl.Expr) -> pl.Expr:
    return pl.when(counts).then(amount)
