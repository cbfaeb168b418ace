"""The KPIs of the stream of claims: what comes in, what goes out and how, what is left and how old it is.

They count every spell, cancelled ones until they are: opening + reported + reopened − closed by each outcome is
closing, in every month and segment.
"""

from functools import partial
from typing import Any

import polars as pl

from transforms.core.claims import AGES_DAYS
from transforms.kpi.claims import (
    FAULTY,
    FAULTY_WORDS,
    FIRST,
    FIRST_HANDLING,
    FIRST_WORDS,
    NOT_ZERO_WORDS,
    PAID,
    REJECTED,
    REOPENED_WORDS,
    REPORTED_WORDS,
)
from transforms.kpi.claims_outcomes import THOUSAND
from transforms.measures.case_measures import Count
from transforms.measures.definition import Flow, Kpi
from transforms.measures.example import Example, rows
from transforms.measures.stock_measures import (
    BacklogDays,
    Clearance,
    ClosedInWindow,
    PendingShare,
    SettledShare,
    Stock,
    StockBand,
    StockShare,
)

SPELLS = Flow("core.claims", "opened_on", "ended_on", excluded=FAULTY)
# The spells that have become older than so many days while they were open.
OLD_SPELLS = {
    days: Flow("core.claims", f"over_{days}_days_on", "ended_on", excluded=FAULTY) for days in AGES_DAYS
}
HANDLED = Flow("core.claims", "reported_on", "ended_on", FIRST_HANDLING, excluded=FAULTY)
PAID_CLAIMS = Flow("core.claims", "ended_on", "ended_on", FIRST_HANDLING & PAID, excluded=FAULTY)
REFUSED_CLAIMS = Flow("core.claims", "ended_on", "ended_on", FIRST_HANDLING & REJECTED, excluded=FAULTY)
# Registered claims without cancellations and zero closings.
REGISTERED = Flow(
    "core.claims",
    "registered_on",
    "ended_on",
    FIRST_HANDLING & (pl.col("outcome") != "zero").fill_null(True),
    excluded=FAULTY,
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
# Those that the latest decision says.
BY_DECISION = ("paid_full", "paid_part", "rejected", "zero")
SPELL_WORDS = "all spells of claims, reopened and cancelled ones included"
# A month whose roll-forward is known by hand, with how its closed spells ended.
MONTH = partial(
    Example,
    "520 open at the start of a month of 30 days, 1,480 reported, 35 reopened; 1,610 closed in it: 1,400 paid in full, "
    "60 in part, 70 refused, 40 withdrawn, 12 at zero, 25 cancelled, 3 without an outcome",
    rows=rows("""
        cases  spell_no  reported_on  opened_on   ended_on    outcome
          520         1  2025-03-20   2025-03-20  2025-04-20  paid_full
          880         1  2025-04-02   2025-04-02  2025-04-20  paid_full
           60         1  2025-04-02   2025-04-02  2025-04-20  paid_part
           70         1  2025-04-02   2025-04-02  2025-04-20  rejected
           40         1  2025-04-02   2025-04-02  2025-04-20  withdrawn
           12         1  2025-04-02   2025-04-02  2025-04-20  zero
           25         1  2025-04-02   2025-04-02  2025-04-20  cancelled
            3         1  2025-04-02   2025-04-02  2025-04-20  -
          390         1  2025-04-02   2025-04-02  -           -
           35         2  -            2025-04-03  -           -
    """),
    period="2025-04",
)
ENDED = {"paid_full": 1400, "paid_part": 60, "rejected": 70, "withdrawn": 40, "zero": 12, "cancelled": 25}
AGES = partial(
    Example,
    "open for 3, 12, 31, 45, 61, 95 and 200 days",
    rows=rows("""
        opened_on   over_30_days_on  over_60_days_on  over_90_days_on  over_180_days_on
        2025-03-28  -                -                -                -
        2025-03-19  -                -                -                -
        2025-02-28  2025-03-31       -                -                -
        2025-02-14  2025-03-17       -                -                -
        2025-01-29  2025-03-01       2025-03-31       -                -
        2024-12-26  2025-01-26       2025-02-25       2025-03-27       -
        2024-09-12  2024-10-13       2024-11-12       2024-12-12       2025-03-12
    """),
    as_of="2025-03-31",
)
_COUNT: dict[str, Any] = {
    "fact": "core.claims",
    "measure": Count(),
    "unit": "count",
    "direction": 0,
    "excluded": FAULTY,
    "leaves_out": FAULTY_WORDS,
}
_FLOW: dict[str, Any] = {
    "fact": "core.claims",
    "counts": SPELL_WORDS,
    "leaves_out": FAULTY_WORDS,
    "dates": {},
}
_AGEING = (
    "Ageing of the backlog; the bands follow Insurance Law of the PRC arts 23 (30 days) and 25 (60 days)"
)
_ROLL_FORWARD = "Roll-forward of claims: opening, received, reopened, closed by outcome, closing"


def _closed(outcome: str, how: str) -> Kpi:
    return Kpi(
        code=f"claims_closed_{outcome}_count",
        version="2" if outcome in BY_DECISION else "1",
        switch="claims.second_decision" if outcome in BY_DECISION else None,
        title=f"Spells of claims that ended {how}",
        population=pl.col("ended_on").is_not_null() & (pl.col("outcome") == outcome),
        dates={"period": "ended_on"},
        source=_ROLL_FORWARD,
        definition=f"Spells of claims that ended in the month {how}.",
        formula="number of spells",
        counts=f"spells of claims that ended {how}",
        example=MONTH(value=ENDED[outcome], numerator=ENDED[outcome]),
        **_COUNT,
    )


def _open_for(older_than: int | None, up_to: int | None, worked: int) -> Kpi:
    """Open spells of one band of age: the first begins with the report, the last does not end."""
    first = (older_than or -1) + 1
    name, words = (
        (f"{first}_{up_to}", f"{first} to {up_to}") if up_to else (f"over_{older_than}", f"over {older_than}")
    )
    since, beyond = (OLD_SPELLS[days] if days else None for days in (older_than, up_to))
    return Kpi(
        code=f"claims_open_{name}_days_count",
        title=f"Claims open for {words} days at the end of the period, reopened ones included",
        measure=StockBand(SPELLS, since, beyond),
        unit="count",
        direction=-1 if older_than else 0,
        source=_AGEING,
        definition=f"Spells of claims open at the end of the month that began {words} days before.",
        formula="number of spells",
        example=AGES(value=worked, numerator=worked),
        seldom=""
        if beyond
        else "A desk that closes its claims has none so old: the value is 0, and its status low_n.",
        **_FLOW,
    )


KPIS = (
    Kpi(
        code="claims_reported_count",
        title="Claims reported",
        population=pl.col("spell_no") == 1,
        needs=("reported_on",),
        dates={"period": "opened_on"},
        source=_ROLL_FORWARD,
        definition="Claims reported in the month, those cancelled later included.",
        formula="number of claims",
        counts=REPORTED_WORDS,
        example=MONTH(value=1480, numerator=1480),
        **_COUNT,
    ),
    Kpi(
        code="claims_reopened_count",
        title="Claims reopened",
        population=pl.col("spell_no") > 1,
        dates={"period": "opened_on"},
        source=_ROLL_FORWARD,
        definition="Spells that began in the month because a claim was reopened.",
        formula="number of spells",
        counts=REOPENED_WORDS,
        example=MONTH(value=35, numerator=35),
        **_COUNT,
    ),
    *(_closed(outcome, how) for outcome, how in OUTCOMES.items()),
    Kpi(
        code="claims_closed_otherwise_count",
        title="Spells of claims that ended without an outcome in the records",
        population=pl.col("ended_on").is_not_null() & pl.col("outcome").is_null(),
        dates={"period": "ended_on"},
        source=_ROLL_FORWARD,
        definition="Spells of claims that ended in the month in no way that the records tell.",
        formula="number of spells",
        counts="spells of claims that ended without an outcome",
        seldom="Records without a fault have no such claim: the value is 0, and its status low_n.",
        example=MONTH(value=3, numerator=3),
        **_COUNT,
    ),
    Kpi(
        code="claim_backlog_count",
        title="Spells of claims open at the end of the period, reopened ones included",
        measure=Stock(SPELLS),
        unit="count",
        direction=-1,
        source=_ROLL_FORWARD,
        definition="Spells of claims begun by the end of the month that have not ended by then.",
        formula="open at the start + reported + reopened − closed",
        example=MONTH(value=425, numerator=425),
        **_FLOW,
    ),
    Kpi(
        code="claim_open_count",
        title="Claims open at the end of the month",
        measure=Stock(HANDLED),
        unit="count",
        direction=-1,
        source="Backlog: reported and not yet closed, withdrawn, cancelled, paid or refused",
        definition="Claims reported by the end of the month that have not ended by then.",
        formula="number of claims",
        example=THOUSAND(value=50, numerator=50),
        **_FLOW | {"counts": FIRST_WORDS},
    ),
    Kpi(
        code="claim_clearance_ratio",
        title="Claims closed per claim reported or reopened; above 1 the backlog shrinks",
        measure=Clearance(SPELLS),
        unit="ratio",
        direction=1,
        source="Clearance of a queue",
        minimum=30,
        definition="Spells of claims closed in the month over those that began in it.",
        formula="closed / (reported + reopened)",
        example=MONTH(value=1610 / 1515, numerator=1610, denominator=1515),
        **_FLOW,
    ),
    Kpi(
        code="claim_backlog_days",
        title="Days of work in the backlog: open claims over claims closed a calendar day",
        measure=BacklogDays(SPELLS),
        unit="days",
        direction=-1,
        source="Little's law, Operations Research 9 (1961)",
        definition="Days in which the backlog would be closed at the pace of the month.",
        formula="open at the end / (closed / calendar days of the month)",
        example=MONTH(value=425 / (1610 / 30), numerator=425, denominator=1610 / 30),
        **_FLOW,
    ),
    Kpi(
        code="claim_open_over_60_days_share",
        title="Open claims older than 60 days",
        measure=StockShare(SPELLS, OLD_SPELLS[60]),
        unit="share",
        direction=-1,
        source="Insurance Law of the PRC art. 25 sets 60 days for paying what is certain",
        definition="Open spells of claims that began more than 60 days before.",
        formula="open for more than 60 days / open",
        example=AGES(value=3 / 7, numerator=3, denominator=7),
        **_FLOW,
    ),
    *(
        _open_for(older_than, up_to, worked)
        for older_than, up_to, worked in zip(
            (None, *AGES_DAYS), (*AGES_DAYS, None), (2, 2, 1, 1, 1), strict=True
        )
    ),
    Kpi(
        code="claim_settlement_ratio_share",
        title="Claims paid among those open at the start of the period or reported in it",
        measure=SettledShare(HANDLED, PAID_CLAIMS),
        unit="share",
        direction=1,
        source="IRDAI annual reports: claim settlement ratio, by number of claims",
        minimum=50,
        definition="Claims paid in the month among those open when it began and those reported in it.",
        formula="paid / (open at the start + reported)",
        example=THOUSAND(value=930 / 1040, numerator=930, denominator=1040),
        **_FLOW | {"counts": FIRST_WORDS},
    ),
    Kpi(
        code="claim_repudiation_ratio_share",
        title="Claims refused among those open at the start of the period or reported in it",
        measure=SettledShare(HANDLED, REFUSED_CLAIMS),
        unit="share",
        direction=-1,
        source="IRDAI annual reports: repudiation ratio, by number of claims",
        minimum=50,
        definition="Claims refused in the month among those open when it began and those reported in it.",
        formula="refused / (open at the start + reported)",
        example=THOUSAND(value=40 / 1040, numerator=40, denominator=1040),
        **_FLOW | {"counts": FIRST_WORDS},
    ),
    Kpi(
        code="claim_pending_ratio_share",
        title="Claims still open at the end among those open at the start of the period or reported in it",
        measure=PendingShare(HANDLED),
        unit="share",
        direction=-1,
        source="IRDAI annual reports: pending ratio, by number of claims",
        minimum=50,
        definition="Claims open at the end of the month among those open when it began and those reported in it.",
        formula="open at the end / (open at the start + reported)",
        example=THOUSAND(value=50 / 1040, numerator=50, denominator=1040),
        **_FLOW | {"counts": FIRST_WORDS},
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
        definition="Claims registered in the twelve months to the end of the month that were closed by then.",
        formula="registered and closed / registered, cancelled ones and zero closings left out",
        counts=NOT_ZERO_WORDS,
        leaves_out=FAULTY_WORDS,
        example=Example(
            "registered 12,000 in twelve months, of them cancelled 300, closed at zero 200, closed otherwise 10,450; "
            "50 closed that were registered before",
            value=10_450 / 11_500,
            numerator=10_450,
            denominator=11_500,
            every=FIRST,
            rows=rows("""
                cases  registered_on  ended_on    outcome
                  300  2024-06-03     2024-06-10  cancelled
                  200  2024-08-05     2024-08-20  zero
                10450  2024-10-08     2025-03-31  paid_full
                 1050  2025-02-10     -           -
                   50  2024-03-28     2025-03-05  paid_full
            """),
        ),
    ),
)
