"""core.exposure_months: what rates are per, as the insurer states it, and the complaints the market would have had."""

from datetime import date

import polars as pl
import pytest

from transforms.core.exposure_months import exposure_months
from transforms.settings import Settings

STATED = {
    "month": pl.Date,
    **dict.fromkeys(("org_unit", "region", "product_line"), pl.String),
    **dict.fromkeys(("policies", "lives"), pl.Int64),
    **dict.fromkeys(
        ("premium_income", "reserve_opening", "investment_opening", "investment_deposits", "investment_surrendered"),
        pl.Decimal(18, 2),
    ),
}  # fmt: skip
MARKET = {
    "period": pl.String,
    "product_line": pl.String,
    "complaints": pl.Int64,
    "premium_income": pl.Decimal(18, 2),
}
AS_OF = date(2025, 6, 30)


def stated(
    *months: date, product_line: str = "motor", premium_income: float | None = 2_000_000
) -> list[dict]:
    return [
        {"month": month, "org_unit": "B1", "product_line": product_line, "premium_income": premium_income}
        for month in months
    ]


def made(rows: list[dict], *market: tuple[str, str, int | None, float | None]) -> dict:
    """The expected complaints by month and line."""
    found = exposure_months(
        exposures=pl.LazyFrame(rows, schema=STATED),
        market=pl.LazyFrame(market, schema=MARKET, orient="row"),
        as_of=AS_OF,
        settings=Settings(),
    ).collect()
    return {
        (month.strftime("%Y-%m"), line): expected
        for month, line, expected in found.select("month", "product_line", "expected_complaints").rows()
    }


def test_months_up_to_the_as_of_month():
    found = made(stated(date(2025, 5, 1), date(2025, 6, 1), date(2025, 7, 1)))
    assert found == {("2025-05", "motor"): None, ("2025-06", "motor"): None}


def test_expected_complaints_are_those_of_the_market_per_premium():
    """A market of 300 confirmed complaints on 1,500 million premium: 0.4 on two million."""
    found = made(stated(date(2025, 5, 1)), ("2025", "all", 300, 1_500e6))
    assert found["2025-05", "motor"] == pytest.approx(0.4)


def test_a_line_and_a_period_have_their_own_market():
    """Motor has a row of its own for 2025 and for May; life has that of every line; of 2023 nobody knows."""
    rows = [
        *stated(date(2023, 5, 1), date(2024, 12, 1), date(2025, 4, 1), date(2025, 5, 1)),
        *stated(date(2025, 4, 1), product_line="life"),
        *stated(date(2025, 3, 1), premium_income=None),
        *stated(date(2025, 2, 1), premium_income=0),
    ]
    found = made(
        rows,
        ("2024-H2", "motor", 100, 1_000e6),
        ("2025", "motor", 300, 1_000e6),
        ("2025-05", "motor", 50, 100e6),
        ("2025-Q2", "all", 500, 1_000e6),
        ("2024", "motor", None, 1_000e6),
        ("2023", "motor", 10, 0),
    )
    assert found == {
        ("2023-05", "motor"): None,
        ("2024-12", "motor"): pytest.approx(0.2),
        ("2025-04", "motor"): pytest.approx(0.6),
        ("2025-05", "motor"): pytest.approx(1.0),
        ("2025-04", "life"): pytest.approx(1.0),
        ("2025-03", "motor"): None,
        ("2025-02", "motor"): 0.0,
    }
