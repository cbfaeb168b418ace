"""core.surrender_months: surrender payments and what they are measured against, since the start of the year.

The regulator's surrender rate runs from January to the month and is not annualised; single events are in
`core.policy_events`.
"""

from datetime import date

import polars as pl

from transforms.core.policy_events import SURRENDERS
from transforms.model import transform
from transforms.settings import Settings

PART = ("org_unit", "product_line", "region")


@transform(
    writes="core.surrender_months",
    reads={"events": "core.policy_events", "exposures": "core.exposure_months"},
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
    },
)
def surrender_months(
    events: pl.LazyFrame, exposures: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a month, unit and product line: surrender payments and reserve and premium since January.

    Lines without a long-term reserve are not in the rate. Statistical indicator standard of 2009 as quoted in
    the press (a third-party copy): surrender payments / (opening long-term reserve + long-term premium income).
    """
    del settings
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
    )
    # One row a month also where nothing was paid, so that every sum since January has all its months.
    spans = (
        pl.concat([paid, fed], how="diagonal")
        .drop_nulls("month")
        .group_by(PART)
        .agg(
            month=pl.date_ranges(pl.col("month").min(), as_of.replace(day=1), "1mo").first(),
            has_reserve=pl.col("reserve").is_not_null().any(),
        )
    )
    sums = (
        pl.concat([paid, fed], how="diagonal")
        .group_by(*PART, "month")
        .agg(pl.col("paid").sum(), pl.col("premium").sum(), pl.col("reserve").sum())
    )
    year = (*PART, pl.col("month").dt.year())
    return (
        spans.filter("has_reserve")
        .explode("month")
        .join(sums, on=[*PART, "month"], how="left")
        .sort("month")
        .with_columns(
            paid_year_to_date=pl.col("paid").fill_null(0.0).cum_sum().over(year),
            premium_year_to_date=pl.col("premium").fill_null(0.0).cum_sum().over(year),
            reserve_opening=pl.col("reserve").fill_null(0.0).cum_max().over(year),
        )
        .with_columns(at_risk_year_to_date=pl.col("reserve_opening") + pl.col("premium_year_to_date"))
    )
