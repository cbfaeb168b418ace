"""The KPIs of the stream of claims: what comes in, what goes out and how, what is left and how old it is.

They count every spell, cancelled ones until they are: opening + reported + reopened − closed by each outcome is
closing, in every month and segment.
"""

from typing import Any

import polars as pl

from transforms.kpi.claims import FAULTY, FIRST_HANDLING, PAID
from transforms.kpi.definition import Flow, Kpi
from transforms.kpi.flow_measures import BacklogDays, Clearance, ClosedInWindow, SettledShare, StockShare
from transforms.kpi.measures import Count, Stock

SPELLS = Flow("core.claims", "opened_on", "ended_on", ~FAULTY)
OLD_SPELLS = Flow("core.claims", "over_60_days_on", "ended_on", ~FAULTY)
HANDLED = Flow("core.claims", "reported_on", "ended_on", FIRST_HANDLING & ~FAULTY)
PAID_CLAIMS = Flow("core.claims", "ended_on", "ended_on", FIRST_HANDLING & ~FAULTY & PAID)
# Registered claims without cancellations and zero closings.
REGISTERED = Flow(
    "core.claims",
    "registered_on",
    "ended_on",
    FIRST_HANDLING & ~FAULTY & (pl.col("outcome") != "zero").fill_null(True),
)
# How a spell can end; what ended in none of these ways is shown under its own count.
OUTCOMES = {
    "paid_full": "paid in full",
    "paid_part": "paid in part",
    "rejected": "refused",
    "withdrawn": "withdrawn by the customer",
    "zero": "closed at zero",
    "cancelled": "cancelled by the insurer",
}
_COUNT: dict[str, Any] = {
    "fact": "core.claims",
    "measure": Count(),
    "unit": "count",
    "direction": 0,
    "excluded": FAULTY,
}
_FLOW: dict[str, Any] = {"fact": "core.claims", "dates": {}}
_ROLL_FORWARD = "Roll-forward of claims: opening, received, reopened, closed by outcome, closing"


def _closed(outcome: str, how: str) -> Kpi:
    return Kpi(
        code=f"claims_closed_{outcome}_count",
        title=f"Spells of claims that ended {how}",
        population=pl.col("ended_on").is_not_null() & (pl.col("outcome") == outcome),
        dates={"period": "ended_on"},
        source=_ROLL_FORWARD,
        **_COUNT,
    )


KPIS = (
    Kpi(
        code="claims_reported_count",
        title="Claims reported",
        population=pl.col("spell_no") == 1,
        dates={"period": "opened_on"},
        source=_ROLL_FORWARD,
        **_COUNT,
    ),
    Kpi(
        code="claims_reopened_count",
        title="Claims reopened",
        population=pl.col("spell_no") > 1,
        dates={"period": "opened_on"},
        source=_ROLL_FORWARD,
        **_COUNT,
    ),
    *(_closed(outcome, how) for outcome, how in OUTCOMES.items()),
    Kpi(
        code="claims_closed_otherwise_count",
        title="Spells of claims that ended without an outcome in the records",
        population=pl.col("ended_on").is_not_null() & pl.col("outcome").is_null(),
        dates={"period": "ended_on"},
        source=_ROLL_FORWARD,
        **_COUNT,
    ),
    Kpi(
        code="claim_backlog_count",
        title="Spells of claims open at the end of the period, reopened ones included",
        measure=Stock(SPELLS),
        unit="count",
        direction=-1,
        source=_ROLL_FORWARD,
        **_FLOW,
    ),
    Kpi(
        code="claim_clearance_ratio",
        title="Claims closed per claim reported or reopened; above 1 the backlog shrinks",
        measure=Clearance(SPELLS),
        unit="ratio",
        direction=1,
        source="Clearance of a queue",
        minimum=30,
        **_FLOW,
    ),
    Kpi(
        code="claim_backlog_days",
        title="Days of work in the backlog: open claims over claims closed a calendar day",
        measure=BacklogDays(SPELLS),
        unit="days",
        direction=-1,
        source="Little's law, Operations Research 9 (1961)",
        **_FLOW,
    ),
    Kpi(
        code="claim_open_over_60_days_share",
        title="Open claims older than 60 days",
        measure=StockShare(SPELLS, OLD_SPELLS),
        unit="share",
        direction=-1,
        source="Insurance Law of the PRC art. 25 sets 60 days for paying what is certain",
        **_FLOW,
    ),
    Kpi(
        code="claim_settlement_ratio_share",
        title="Claims paid among those open at the start of the period or reported in it",
        measure=SettledShare(HANDLED, PAID_CLAIMS),
        unit="share",
        direction=1,
        source="IRDAI annual reports: claim settlement ratio, by number of claims",
        minimum=50,
        **_FLOW,
    ),
    Kpi(
        code="claim_registered_closed_share",
        title="Claims registered in the twelve months to the period's end that were closed by then (滚动立案结案率)",
        measure=ClosedInWindow(REGISTERED),
        unit="share",
        direction=1,
        source="Jiangxi motor service indicators 2018: cancellations and zero closings excluded",
        minimum=50,
        fact="core.claims",
        dates={"period": "ended_on"},
    ),
)
