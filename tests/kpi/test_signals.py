"""kpi.signals: a month of a KPI that leaves its ordinary variation."""

from datetime import date

import polars as pl
import pytest

from transforms.kpi.monthly import monthly
from transforms.kpi.signals import signals
from transforms.settings import Settings


def judged(code: str, values: list[float]) -> dict:
    """The last month of a series of a KPI."""
    rows = [
        {
            "kpi": code, "period": date(2023 + i // 12, i % 12 + 1, 1), "basis": "cohort", "cut": "company",
            "segment": "company", "value": value, "n": 100, "unit": "days", "direction": -1, "status": "ok",
        }
        for i, value in enumerate(values)
    ]  # fmt: skip
    frame = pl.LazyFrame(rows, schema_overrides=dict(monthly.schema))
    missing = {name: pl.lit(None, dtype) for name, dtype in monthly.schema.items() if name not in rows[0]}
    made = signals(kpi_monthly=frame.with_columns(**missing), as_of=date(2024, 12, 31), settings=Settings())
    return made.sort("period").collect().row(-1, named=True)


def test_a_month_of_slow_decisions_is_a_bad_signal():
    """Twelve months of 10 and 11 days in turn: mean 10.5, moving ranges of 1, limits 10.5 ± 2.66."""
    found = judged("claim_report_to_decision_days_median", [10.0, 11.0] * 6 + [14.0])
    assert (found["centre"], found["lower"], found["upper"]) == pytest.approx((10.5, 7.84, 13.16), abs=0.01)
    assert (found["is_signal"], found["is_good"], found["rule"]) == (True, False, "beyond_limits")
    assert found["sentence"] == (
        "Signal: 14.0 days, up 3.0 on the month before; above ordinary variation (7.8–13.2 days): worse."
    )


def test_months_that_pool_twelve_months_of_issue_have_wider_limits():
    """Neighbouring windows share eleven months, so that √12 times the moving range is ordinary."""
    values = [10.0, 11.0] * 6 + [14.0]
    pooled, single = (
        judged(f"persistency_13m{window}_policy_share", values) for window in ("", "_latest_month")
    )
    width = {name: row["upper"] - row["centre"] for name, row in (("pooled", pooled), ("single", single))}
    assert width["pooled"] / width["single"] == pytest.approx(12**0.5)
    assert (pooled["is_signal"], single["is_signal"]) == (False, True)
