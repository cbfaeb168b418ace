"""Orders of service and applications as the tests need them: rows that name only what matters, the rest is empty."""

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from transforms.core.service_orders import service_orders
from transforms.model import INSTANT, SEGMENT_COLUMNS
from transforms.settings import Settings

IDS = ("order_id", "kind", "item", "outcome", "reason", "partner", "policy_id", "claim_id", "complaint_id")
ORDER = {
    **dict.fromkeys((*IDS, "customer_id", "service_channel"), pl.String),
    **dict.fromkeys(SEGMENT_COLUMNS, pl.String),
    **dict.fromkeys(("ordered_at", "due_at", "started_at", "completed_at"), INSTANT),
    **{f"{moment}_is_day": pl.Boolean for moment in ("ordered", "due", "started", "completed")},
    "problem_found": pl.Boolean,
    "rating": pl.Int32,
}
_FLAGS = ("overridden", "assisted", "recommended", "needs_recorded", "sale_recorded")
MOMENTS = ("started", "submitted", "decided", "issued")
APPLICATION = {
    **dict.fromkeys(
        ("application_id", "actor", "decision", "policy_id", "customer_id", "agent_id", "service_channel"),
        pl.String,
    ),
    **dict.fromkeys(SEGMENT_COLUMNS, pl.String),
    **{f"{moment}_at": INSTANT for moment in MOMENTS},
    **{f"{moment}_is_day": pl.Boolean for moment in MOMENTS},
    **dict.fromkeys(_FLAGS, pl.Boolean),
    "customer_wait_hours": pl.Float64,
    "rescinded_on": pl.Date,
}


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """An instant of 2025, in UTC."""
    return datetime(2025, month, day, hour, minute, tzinfo=UTC)


def orders_of(*rows: dict[str, Any]) -> pl.LazyFrame:
    """staging.service_orders with these rows, numbered where they have no number."""
    return pl.LazyFrame([{"order_id": f"o{i}", **row} for i, row in enumerate(rows)], schema=ORDER)


def core_orders(*rows: dict[str, Any], as_of: date, settings: Settings | None = None) -> pl.LazyFrame:
    """core.service_orders made of these rows."""
    return service_orders(orders=orders_of(*rows), as_of=as_of, settings=settings or Settings())
