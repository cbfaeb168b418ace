"""Claims made from events as a source would deliver them, and the KPI records made from those."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from transforms.clocks import calendar_until
from transforms.core.claims import claims
from transforms.measures.definition import Kpi
from transforms.measures.records import kpi_records
from transforms.model import INSTANT, SEGMENT_COLUMNS
from transforms.periods import month_periods
from transforms.settings import Settings

EVENTS = {
    "event_id": pl.String,
    "claim_id": pl.String,
    "event": pl.String,
    "event_at": INSTANT,
    "is_day": pl.Boolean,
    "spell_no": pl.Int64,
    "outcome": pl.String,
    "amount": pl.Decimal(18, 2),
    "actor": pl.String,
    "document_count": pl.Int64,
    "document_medium": pl.String,
}
CASES = {
    "claim_id": pl.String,
    "policy_id": pl.String,
    "customer_id": pl.String,
    "claim_type": pl.String,
    "cases": pl.Int64,
    **dict.fromkeys(SEGMENT_COLUMNS, pl.String),
    "service_channel": pl.String,
    "handler_id": pl.String,
    "agent_id": pl.String,
    "catastrophe_code": pl.String,
    "green_channel": pl.Boolean,
    "direct_pay": pl.Boolean,
    "loss_at": INSTANT,
    "loss_is_day": pl.Boolean,
    "changed": pl.String,
    "claimed_amount": pl.Decimal(18, 2),
    "investigated": pl.Boolean,
    "injury": pl.Boolean,
    "third_party": pl.Boolean,
    "fast_track": pl.Boolean,
    "contract_decision_days": pl.Int64,
    "contract_payment_days": pl.Int64,
}
SETTINGS = Settings(time_zone="UTC", cuts=("company", "org_unit"))

Event = tuple[str, date | datetime] | tuple[str, date | datetime, Mapping[str, Any]]


def instant(when: date | datetime) -> datetime:
    """The instant, or noon of the day."""
    return when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, 12, tzinfo=UTC)


def core_claims(
    histories: Mapping[str, Iterable[Event]],
    as_of: date,
    cases: Mapping[str, Mapping[str, Any]] | None = None,
    settings: Settings = SETTINGS,
) -> pl.DataFrame:
    """core.claims of claims given as name: events (what, when, further columns), with their particulars."""
    events, rows = [], []
    for claim, history in histories.items():
        rows.append({"claim_id": claim, "org_unit": "a", "cases": 1, **((cases or {}).get(claim) or {})})
        for i, (event, when, *more) in enumerate(history):
            said = {"event_id": f"{claim}-{i}", "claim_id": claim, "event": event, "event_at": instant(when)}
            said["is_day"] = False
            events.append({**said, **(more[0] if more else {})})
    return claims(
        events=pl.DataFrame(events, schema=EVENTS).lazy(),
        cases=pl.DataFrame(rows, schema=CASES).lazy(),
        calendar=calendar_until("CN", as_of, first=date(2020, 1, 1)).lazy(),
        as_of=as_of,
        settings=settings,
    ).collect()


def records(
    facts: pl.DataFrame,
    kpis: Sequence[Kpi],
    as_of: date,
    months: Sequence[date],
    settings: Settings = SETTINGS,
) -> pl.DataFrame:
    """The records of KPIs of claims for some months."""
    return kpi_records(
        {"core.claims": facts.lazy()}, kpis, month_periods(list(months)), as_of=as_of, settings=settings
    )


def record(frame: pl.DataFrame, kpi: str, **place: Any) -> dict[str, Any]:
    """The one record of a KPI; of the whole company unless `segment` says otherwise."""
    wanted = {"kpi": kpi, "segment": "company", **place}
    return frame.filter(pl.col(name) == value for name, value in wanted.items()).row(0, named=True)


def open_for(days: int, as_of: date) -> list[Event]:
    """A claim reported so many days before the as-of day, at its last instant, and still open."""
    return [("reported", datetime.combine(as_of - timedelta(days=days - 1), datetime.min.time(), UTC))]
