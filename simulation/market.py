"""What is measured beside the insurer's own business: all insurers together, and its investment contracts.

The insurer's own exposures are in `policy_feeds.py`.
"""

import numpy as np
import polars as pl

from simulation.hazards import COMPLAINTS
from simulation.service_hazards import MARKET


def market_rows(exposures: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The feed of market values: premium and confirmed complaints of all insurers, a month and product line."""
    own = (
        exposures.group_by("month", "product_line")
        .agg(pl.col("policies", "premium_income").sum())
        .sort("month", "product_line")
    )
    confirmed = (1 - COMPLAINTS.withdrawn_share) * (COMPLAINTS.upheld_share + COMPLAINTS.partly_upheld_share)
    expected = MARKET.insurers * COMPLAINTS.per_policy_month * confirmed * own["policies"].to_numpy()
    return own.select(
        pl.col("month").dt.strftime("%Y-%m").alias("period"),
        "product_line",
        complaints=pl.Series(rng.poisson(expected)),
        premium_income=pl.col("premium_income")
        * pl.Series(MARKET.insurers * np.exp(MARKET.premium_sigma * rng.standard_normal(own.height))),
    )


def with_investments(exposures: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of exposures with investment contracts beside annuities: balance of the year's start, paid in and out."""
    has = pl.col("product_line") == MARKET.investment_line
    moved = np.exp(MARKET.investment_sigma * rng.standard_normal((2, exposures.height)))
    opening = MARKET.investment_opening_share * pl.col("reserve_opening")
    deposits = MARKET.investment_deposit_share * pl.col("premium_income") * pl.Series(moved[0])
    paid = MARKET.investment_paid_share * opening * pl.Series(moved[1])
    return exposures.with_columns(
        pl.when(has).then(amount.round(2)).alias(f"investment_{name}")
        for name, amount in (("opening", opening), ("deposits", deposits), ("surrendered", paid))
    )
