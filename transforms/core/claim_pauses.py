"""core.claim_pauses: the times in which nothing happened to an open claim, one row per pause of more than 14 days.

What share of the open claims stands still at the end of a month is asked in `transforms/kpi`; how old claims are is
said in `core.claims`.
"""

from datetime import date

import polars as pl

from transforms.clocks import add_days
from transforms.model import SEGMENT_COLUMNS, SERVICE_CHANNEL, transform
from transforms.origins import Origins, codes_of
from transforms.settings import Settings

# Days without a step after which a claim counts as static.
STATIC_DAYS = (14, 30)
SPELL = ("claim_id", "spell_no")

_step = codes_of("claim_events.event")
_opened = _step("reported", "reopened")
ORIGINS: Origins = {
    **{f"static_{days}_on": _opened for days in STATIC_DAYS},
    "moved_on": _step("closed", "withdrawn", "cancelled", "paid", "decided"),
}


@transform(
    writes="core.claim_pauses",
    reads={"events": "staging.claim_events", "claims": "core.claims"},
    origins=lambda settings: ORIGINS,
    keys=("claim_id",),
    grain=(*SPELL, "paused_on"),
    columns={
        "claim_id": (pl.String, "The claim."),
        "spell_no": (pl.Int32, "1 as first handled, 2 after the first reopening."),
        **SEGMENT_COLUMNS,
        **SERVICE_CHANNEL,
        "handler_id": (pl.String, "Pseudonym of who handles it, at last."),
        "claim_type": (pl.String, "Kind of claim."),
        "cases": (pl.Int64, "How many claims alike the row stands for."),
        "paused_on": (pl.Date, "Day of the last step before the pause."),
        **{
            f"static_{days}_on": (pl.Date, f"Day on which the last step was more than {days} days ago.")
            for days in STATIC_DAYS
        },
        "moved_on": (pl.Date, "Day of the next step or of the end; empty while nothing happens."),
    },
)
def claim_pauses(
    events: pl.LazyFrame, claims: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row per time in which an open claim had no event for more than 14 days: since when, until when.

    Every event of the claim is a step, whoever took it. Claims whose records contradict each other are left out.
    """
    until = pl.coalesce("ended_on", pl.lit(as_of))
    slow = claims.filter(
        pl.col("sequence_fault").is_null(), (until - pl.col("opened_on")).dt.total_days() > STATIC_DAYS[0]
    ).select(
        *SPELL,
        *SEGMENT_COLUMNS,
        *SERVICE_CHANNEL,
        "handler_id",
        "claim_type",
        "cases",
        "opened_on",
        "ended_on",
    )
    days = events.select(
        "claim_id", paused_on=pl.col("event_at").dt.convert_time_zone(settings.time_zone).dt.date()
    ).filter(pl.col("paused_on") <= as_of)
    steps = (
        slow.join(days, on="claim_id", how="inner")
        .filter(
            pl.col("paused_on") > pl.col("opened_on"),
            (pl.col("paused_on") < pl.col("ended_on")).fill_null(True),
        )
        .select([*slow.collect_schema().names(), "paused_on"])
    )
    rows = pl.concat([slow.with_columns(paused_on="opened_on"), steps]).unique([*SPELL, "paused_on"])
    following = pl.col("paused_on").shift(-1).over(SPELL, order_by="paused_on")
    return (
        rows.with_columns(moved_on=pl.coalesce(following, "ended_on"))
        .with_columns(_static_on(limit, as_of) for limit in STATIC_DAYS)
        .filter(pl.col(f"static_{STATIC_DAYS[0]}_on").is_not_null())
    )


def _static_on(limit: int, as_of: date) -> pl.Expr:
    """The day after so many days without a step, if none came on it or before."""
    day = add_days(pl.col("paused_on"), limit + 1)
    reached = (day <= as_of) & (pl.col("moved_on") > day).fill_null(True)
    return pl.when(reached).then(day).alias(f"static_{limit}_on")
