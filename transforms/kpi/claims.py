"""The KPIs of claims: how long, how many in time, with what outcome, how many open."""

from typing import Any

import polars as pl

from transforms.core.claims import CLOCKS
from transforms.measures.case_measures import Deadline, Mean, Quantile, Share
from transforms.measures.definition import Basis, Flow, Kpi
from transforms.measures.example import Example
from transforms.measures.stock_measures import Stock

# The headline looks at the first handling of a claim; cancelled cases were never claims.
FIRST_HANDLING = (pl.col("spell_no") == 1) & (pl.col("outcome") != "cancelled").fill_null(True)
FAULTY = pl.col("sequence_fault").is_not_null()
PAID = pl.col("outcome").is_in(["paid_full", "paid_part"])
REJECTED = pl.col("outcome") == "rejected"
ENDED = pl.col("ended_on").is_not_null()
DECIDED = pl.col("decided_on").is_not_null()
# Ended otherwise than by payment: in so many words, so that a source without such ends does not show 0 of them.
ENDED_UNPAID = (
    ENDED
    & ~PAID.fill_null(False)
    & (
        pl.any_horizontal(pl.col(f"{end}_at").is_not_null() for end in ("closed", "withdrawn", "cancelled"))
        | pl.col("outcome").is_in(["rejected", "zero"]).fill_null(False)
    )
)
FIRST_WORDS = "first spells of claims, those cancelled by the insurer left out"
PAID_WORDS = f"{FIRST_WORDS}, paid in full or in part"
NOT_ZERO_WORDS = f"{FIRST_WORDS}, zero closings left out too"
REPORTED_WORDS = "first spells of claims, cancelled ones included"
REOPENED_WORDS = "spells of claims after the first"
FAULTY_WORDS = (
    "spells without a report or reopening, or decided, paid or ended before it, or paid though refused"
)
BACKWARDS_WORDS = f"{FAULTY_WORDS}; claims of which the clock ends before it starts"
MEDIAN = "50 % quantile, Hyndman–Fan type 7"
P90 = "90 % quantile, Hyndman–Fan type 7"
WORKED = "worked by hand"

# Books of claims of which several KPIs are known by hand.
TEN_DURATIONS = "ten claims took 1, 2, 2, 3, 4, 5, 7, 9, 15 and 30 days"
TEN_CLAIMS = "decided on days 2, 3, 3, 5, 8, 10 and 12; open for 6, 15 and 40 days"
YEAR = (
    "40 claims open, 1,000 more reported; of these 900 paid in full, 30 in part, 40 refused, 15 withdrawn, "
    "5 closed at zero, 50 left open"
)

OPEN_CLAIMS = Flow("core.claims", "reported_on", "ended_on", FIRST_HANDLING, excluded=FAULTY)


def backwards(days: str) -> pl.Expr:
    """Claims at fault, and those of which both ends of a clock are known and not its days, as it runs backwards."""
    _, start, end = CLOCKS[days]
    known = pl.col(start).is_not_null() & pl.col(end).is_not_null()
    return FAULTY | (known & pl.col(days).is_null())


# What the KPIs of handling, outcomes and turnaround have in common, and where they fall.
CLAIM: dict[str, Any] = {
    "fact": "core.claims",
    "population": FIRST_HANDLING,
    "counts": FIRST_WORDS,
    "excluded": FAULTY,
    "leaves_out": FAULTY_WORDS,
    "minimum": 30,
}
BY_DECISION: dict[Basis, str] = {"cohort": "reported_on", "period": "decided_on"}
BY_PAYMENT: dict[Basis, str] = {"cohort": "reported_on", "period": "paid_on"}
BY_END: dict[Basis, str] = {"cohort": "reported_on", "period": "ended_on"}

_DECISION: dict[str, Any] = {**CLAIM, "dates": BY_DECISION, "horizon_days": 30}
_PAYMENT: dict[str, Any] = {
    **CLAIM,
    "population": FIRST_HANDLING & PAID,
    "counts": PAID_WORDS,
    "dates": BY_PAYMENT,
    "horizon_days": 60,
}

KPIS = (
    Kpi(
        code="claim_report_to_decision_days_median",
        version="2",
        title="Days from report to first decision, median",
        measure=Quantile("report_to_decision_days", 0.5),
        unit="days",
        direction=-1,
        source="Turnaround from first notice of loss; Insurance Law of the PRC art. 23 sets the outer limit",
        definition="Median of the days from the report to the first decision, of decided claims only.",
        formula=MEDIAN,
        example=Example(TEN_DURATIONS, 4.5, WORKED),
        **_DECISION,
    ),
    Kpi(
        code="claim_report_to_decision_days_p90",
        version="2",
        title="Days from report to first decision, 90th percentile",
        measure=Quantile("report_to_decision_days", 0.9),
        unit="days",
        direction=-1,
        source="Turnaround from first notice of loss; Insurance Law of the PRC art. 23 sets the outer limit",
        definition="Days from the report to the first decision that nine in ten decided claims do not exceed.",
        formula=P90,
        example=Example(TEN_DURATIONS, 16.5, WORKED),
        **_DECISION,
    ),
    Kpi(
        code="claim_report_to_decision_days_mean",
        version="2",
        title="Days from report to first decision, mean",
        measure=Mean("report_to_decision_days"),
        unit="days",
        direction=-1,
        source="Turnaround from first notice of loss; a few long claims move it, so that it follows the median",
        definition="Mean of the days from the report to the first decision, of decided claims only.",
        formula="Σ days / decided claims",
        example=Example(TEN_DURATIONS, 7.8, WORKED),
        **_DECISION,
    ),
    Kpi(
        code="claim_report_to_payment_days_median",
        version="2",
        title="Days from report to payment, median",
        measure=Quantile("report_to_payment_days", 0.5),
        unit="days",
        direction=-1,
        source="End-to-end turnaround (案均报案支付周期 by its median)",
        definition="Median of the days from the report to the payment, of paid claims only.",
        formula=MEDIAN,
        example=Example(TEN_DURATIONS, 4.5, WORKED),
        **_PAYMENT,
    ),
    Kpi(
        code="claim_report_to_payment_days_mean",
        version="2",
        title="Days from report to payment, mean",
        measure=Mean("report_to_payment_days"),
        unit="days",
        direction=-1,
        source="CIRC service evaluation 2015: 案均报案支付周期 (name published, formula by analogy)",
        definition="Mean of the days from the report to the payment, of paid claims only.",
        formula="Σ days / paid claims",
        example=Example(TEN_DURATIONS, 7.8, WORKED),
        **_PAYMENT,
    ),
    Kpi(
        code="claim_decided_within_30_days_share",
        title="Claims decided within 30 days of the report",
        measure=Deadline("reported_on", "decided_on", 30, exits_on="withdrawn_on"),
        unit="share",
        direction=1,
        source="Insurance Law of the PRC art. 23(1): 30 days for complex cases, here from the report",
        definition="Claims decided within 30 calendar days of the report, among those of which it is known: open "
        "ones are late once older, undetermined before.",
        formula="in time / (in time + late)",
        example=Example(f"{TEN_CLAIMS}: in time 7, late 1, undetermined 2", 7 / 8, WORKED),
        **_DECISION,
    ),
    Kpi(
        code="claim_paid_share",
        version="2",
        switch="claims.second_decision",
        title="Claims paid among those paid, refused or closed at zero (获赔率)",
        fact="core.claims",
        measure=Share(of=PAID, among=pl.col("outcome").is_in(["paid_full", "paid_part", "rejected", "zero"])),
        unit="share",
        direction=1,
        population=FIRST_HANDLING,
        counts=FIRST_WORDS,
        excluded=FAULTY,
        leaves_out=FAULTY_WORDS,
        dates={"cohort": "reported_on", "period": "ended_on"},
        horizon_days=60,
        minimum=50,
        source="CIRC service evaluation 2015: 理赔获赔率 (name published, denominator ours)",
        definition="Claims paid in full or in part among those paid, refused or closed at zero.",
        formula="paid / (paid + refused + closed at zero)",
        example=Example(YEAR, 930 / 975, WORKED),
    ),
    Kpi(
        code="claim_open_count",
        title="Claims open at the end of the month",
        fact="core.claims",
        measure=Stock(OPEN_CLAIMS),
        counts=FIRST_WORDS,
        leaves_out=FAULTY_WORDS,
        unit="count",
        direction=-1,
        dates={},
        source="Backlog: reported and not yet closed, withdrawn, cancelled, paid or refused",
        definition="Claims reported by the end of the month that have not ended by then.",
        formula="number of claims",
        example=Example(YEAR, 50, WORKED),
    ),
)
