"""Staging tables of policies as the tests need them: rows that name only what matters, the rest is empty."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from transforms.model import SEGMENT_COLUMNS

POLICY = {
    **dict.fromkeys(
        ("policy_id", "customer_id", "current_org_unit", "product_code", "pay_mode", "agent_id"), pl.String
    ),
    **dict.fromkeys(SEGMENT_COLUMNS, pl.String),
    "renews_policy_id": pl.String,
    "issued_on": pl.Date,
    "term_months": pl.Int32,
    "annual_premium": pl.Decimal(18, 2),
    "sum_assured": pl.Decimal(18, 2),
}
EVENT = {
    **dict.fromkeys(("event_id", "policy_id", "event"), pl.String),
    **dict.fromkeys(("effective_on", "requested_on", "paid_on"), pl.Date),
    "amount": pl.Float64,
}


def policies_of(*rows: dict[str, Any]) -> pl.LazyFrame:
    """staging.policies with these rows."""
    return pl.LazyFrame(rows, schema=POLICY)


def events_of(*rows: tuple[str, str, date] | tuple[str, str, date, dict[str, Any]]) -> pl.LazyFrame:
    """staging.policy_events of policy, event, day and, where wanted, further columns; numbered from e0."""
    named: Iterable[dict[str, Any]] = (
        {
            "event_id": f"e{i}",
            "policy_id": policy,
            "event": event,
            "effective_on": day,
            **(more[0] if more else {}),
        }
        for i, (policy, event, day, *more) in enumerate(rows)
    )
    return pl.LazyFrame(list(named), schema=EVENT)
