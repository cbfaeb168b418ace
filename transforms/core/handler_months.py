"""core.handler_months: how much work each handler of claims had, one row per handler and month.

How long claims take is in `core.claims`; what an average handler has is asked in `transforms/kpi`.
"""

from datetime import date

import polars as pl

from transforms.core.claims import ORIGINS as OF_CLAIMS
from transforms.model import transform
from transforms.origins import Origins, item, origin_of
from transforms.periods import months_until
from transforms.settings import Settings
from transforms.vocabulary import CASES

_handled = item("claim_events.handler_id")
ORIGINS: Origins = {
    "month": _handled,
    "open_count": _handled & (origin_of(OF_CLAIMS, "opened_on") & origin_of(OF_CLAIMS, "ended_on")),  # type: ignore[operator]
}


@transform(
    writes="core.handler_months",
    reads={"claims": "core.claims"},
    origins=lambda settings: ORIGINS,
    keys=("handler_id",),
    grain=("handler_id", "month"),
    columns={
        "handler_id": (pl.String, "Pseudonym of the handler."),
        "month": (pl.Date, "First day of the month."),
        "org_unit": (
            pl.String,
            "Unit of most of the handler's claims of the month; of several the first by name.",
        ),
        "region": (pl.String, "Region of that unit."),
        "open_count": (pl.Int64, "Claims open at the end of the month, or on the as-of day."),
        "closed_count": (pl.Int64, "Claims that ended in the month."),
        "backlog_days": (
            pl.Float64,
            "Days of work: open claims over those that ended a calendar day; empty if none did.",
        ),
    },
)
def handler_months(claims: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row per handler and month in which the handler had claims: open at its end, ended in it, days of work.

    A claim is of the handler that its latest event names. Claims whose records contradict each other are left out.
    """
    months = months_until(as_of, settings.months)
    ended = pl.coalesce("ended_on", pl.lit(as_of)).dt.truncate("1mo")
    first = pl.max_horizontal(pl.col("opened_on").dt.truncate("1mo"), pl.lit(months[0]))
    held = (
        claims.filter(
            pl.col("handler_id").is_not_null(),
            pl.col("sequence_fault").is_null(),
            pl.col("opened_on") <= as_of,
            pl.col("ended_on").is_null() | (pl.col("ended_on") >= months[0]),
        )
        .select(
            "handler_id",
            "org_unit",
            "region",
            "ended_on",
            alike=pl.col(CASES).fill_null(1),
            month=pl.date_ranges(first, ended, "1mo"),
        )
        .explode("month")
        .drop_nulls("month")
        .with_columns(is_open=(pl.col("ended_on") > pl.col("month").dt.month_end()).fill_null(True))
    )
    own = ["handler_id", "month"]
    units = (
        held.group_by(*own, "org_unit", "region")
        .agg(n=pl.col("alike").sum())
        .sort("n", "org_unit", "region", descending=[True, False, False])
        .group_by(own)
        .agg(pl.col("org_unit", "region").first())
    )
    counts = held.group_by(own).agg(
        open_count=pl.when("is_open").then("alike").sum(),
        closed_count=pl.when(~pl.col("is_open")).then("alike").sum(),
    )
    a_day = pl.col("closed_count") / pl.col("month").dt.days_in_month()
    return counts.join(units, on=own).with_columns(
        backlog_days=pl.when(pl.col("closed_count") > 0).then((pl.col("open_count") / a_day).round(9))
    )
