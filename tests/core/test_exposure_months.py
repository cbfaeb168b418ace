"""core.exposure_months: what rates are per, as the insurer states it, and the complaints the market would have had."""

from datetime import date

import polars as pl
import pytest

from transforms.core.exposure_months import exposure_months
from transforms.settings import MarketSettings, Settings

STATED = {
    "month": pl.Date,
    **dict.fromkeys(("org_unit", "region", "product_line"), pl.String),
    **dict.fromkeys(("policies", "lives"), pl.Int64),
    **dict.fromkeys(
        ("premium_income", "reserve_opening", "investment_opening", "investment_deposits", "investment_surrendered"),
        pl.Decimal(18, 2),
    ),
}  # fmt: skip
ROWS = [{"month": date(2025, month, 1), "org_unit": "B1", "premium_income": 2_000_000} for month in (5, 6, 7)]


def made(settings: Settings) -> pl.DataFrame:
    stated = pl.LazyFrame(ROWS, schema=STATED)
    return (
        exposure_months(exposures=stated, as_of=date(2025, 6, 30), settings=settings).collect().sort("month")
    )


def test_months_up_to_the_as_of_month():
    found = made(Settings())
    assert found["month"].to_list() == [date(2025, 5, 1), date(2025, 6, 1)]
    assert found["expected_complaints"].to_list() == [None, None]


def test_expected_complaints_are_those_of_the_market_per_premium():
    """A market of 300 confirmed complaints on 1,500 million premium: 0.4 on two million."""
    found = made(Settings(market=MarketSettings(complaints=300, premium_income=1_500e6)))
    assert found["expected_complaints"].to_list() == pytest.approx([0.4, 0.4])
