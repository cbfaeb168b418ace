"""kpi.monthly: one record per KPI, month and basis, also where there is nothing to say."""

import polars as pl

from tests.kpi.two_months import company
from transforms.kpi.monthly import monthly


def test_two_months_of_complaints_on_three_bases():
    """What was received by its month, what was closed by its own, what is open at the end; March has no case."""
    found = company(monthly)
    shown = found.select("kpi", "basis", pl.col("period").dt.month(), "numerator", "denominator", "status")
    rows = {row[:3]: row[3:] for row in shown.rows()}
    resolved, open_count = "complaint_resolved_within_30_days_share", "complaints_open_count"
    assert [rows[resolved, "cohort", month] for month in (1, 2, 3)] == [
        (90, 100, "ok"), (55, 80, "ok"), (0, 0, "immature"),
    ]  # fmt: skip
    assert [rows[resolved, "period", month] for month in (1, 2, 3)] == [
        (60, 60, "ok"), (85, 85, "ok"), (0, 0, "no_data"),
    ]  # fmt: skip
    assert [rows[open_count, "stock", month] for month in (1, 2, 3)] == [
        (40, None, "ok"), (35, None, "ok"), (35, None, "ok"),
    ]  # fmt: skip


def test_what_no_source_records_is_not_applicable_and_not_zero():
    found = company(monthly)
    of_claims = found.filter(pl.col("kpi").str.starts_with("claim"))
    assert set(of_claims["status"]) == {"not_applicable"}
    assert of_claims["numerator"].null_count() == of_claims.height > 0
