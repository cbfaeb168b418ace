"""The KPIs of how claims end: paid, refused, withdrawn, cancelled, how much of what was claimed, and whether for good.

How many end in a month, by outcome, is in `claims_flow.py`.
"""

from functools import partial
from typing import Any

import polars as pl

from transforms.kpi.claims import (
    BY_DECISION,
    BY_END,
    CLAIM,
    DECIDED,
    ENDED,
    FIRST,
    FIRST_HANDLING,
    FIRST_WORDS,
    PAID,
    REJECTED,
    REOPENED_WORDS,
    REPORTED_WORDS,
    SHARE,
    of_known,
)
from transforms.measures.case_measures import Ratio, Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows

# Ended otherwise than by payment: in so many words, so that a source without such ends does not show 0 of them.
ENDED_UNPAID = (
    ENDED
    & ~PAID.fill_null(False)
    & (
        pl.any_horizontal(pl.col(f"{end}_at").is_not_null() for end in ("closed", "withdrawn", "cancelled"))
        | pl.col("outcome").is_in(["rejected", "zero"]).fill_null(False)
    )
)
# Of shares of outcomes: which decision of several counts is the project's to say.
_OUTCOME: dict[str, Any] = SHARE | {
    "version": "2",
    "switch": "claims.second_decision",
    "horizon_days": 60,
    "minimum": 50,
}
# A month of which every share of outcomes, and what is open at its end, is known by hand.
THOUSAND = partial(
    Example,
    "40 claims open, 1,000 more reported; of these 900 paid in full, 30 in part, 40 refused, 15 withdrawn, "
    "5 closed at zero, 10 left open",
    every=FIRST,
    rows=rows("""
        cases  reported_on  decided_on  withdrawn_at      ended_on    outcome
           40  2025-01-20   -           -                 -           -
          900  2025-03-04   2025-03-20  -                 2025-03-21  paid_full
           30  2025-03-04   2025-03-20  -                 2025-03-21  paid_part
           40  2025-03-04   2025-03-20  -                 2025-03-21  rejected
           15  2025-03-04   -           2025-03-20T12:00  2025-03-20  withdrawn
            5  2025-03-04   2025-03-20  -                 2025-03-20  zero
           10  2025-03-04   -           -                 -           -
    """),
)

KPIS = (
    Kpi(
        code="claim_paid_share",
        title="Claims paid among those paid, refused or closed at zero (获赔率)",
        measure=Share(of=PAID, among=pl.col("outcome").is_in(["paid_full", "paid_part", "rejected", "zero"])),
        direction=1,
        dates=BY_END,
        source="CIRC service evaluation 2015: 理赔获赔率 (name published, denominator ours)",
        definition="Claims paid in full or in part among those paid, refused or closed at zero.",
        formula="paid / (paid + refused + closed at zero)",
        example=THOUSAND(value=930 / 975, numerator=930, denominator=975),
        **_OUTCOME,
    ),
    Kpi(
        code="claim_admitted_share",
        title="Claims paid among those paid or refused",
        measure=Share(of=PAID, among=PAID | REJECTED),
        direction=1,
        dates=BY_DECISION,
        source="APRA life claims statistics: admittance, admitted among finalised",
        definition="Claims paid in full or in part among those paid or refused.",
        formula="paid / (paid + refused)",
        example=THOUSAND(value=930 / 970, numerator=930, denominator=970),
        **_OUTCOME,
    ),
    Kpi(
        code="claim_refused_share",
        title="Claims refused among those paid or refused; low is not good by itself",
        measure=Share(of=REJECTED, among=PAID | REJECTED),
        direction=-1,
        dates=BY_DECISION,
        source="Complement of admittance; control of fraud refuses rightly",
        definition="Claims refused among those paid or refused.",
        formula="refused / (paid + refused)",
        example=THOUSAND(value=40 / 970, numerator=40, denominator=970),
        **_OUTCOME,
    ),
    Kpi(
        code="claim_closed_without_payment_share",
        title="Claims closed without payment among all closed",
        measure=Share(of=ENDED_UNPAID, among=ENDED),
        direction=-1,
        dates=BY_END,
        source="NAIC Market Conduct Annual Statement",
        definition="Claims that ended without a payment among all that ended.",
        formula="ended unpaid / ended",
        example=THOUSAND(value=60 / 990, numerator=60, denominator=990),
        **_OUTCOME,
    ),
    Kpi(
        code="claim_closed_with_payment_share",
        title="Claims closed with payment among all closed, withdrawn ones included",
        measure=Share(of=PAID, among=ENDED & PAID.fill_null(False) | ENDED_UNPAID),
        direction=1,
        dates=BY_END,
        source="NAIC Market Conduct Annual Statement: the complement of claims closed without payment",
        definition="Claims paid in full or in part among all that ended, the withdrawn ones included.",
        formula="paid / ended",
        example=THOUSAND(value=930 / 990, numerator=930, denominator=990),
        **_OUTCOME,
    ),
    Kpi(
        code="claim_refused_of_reported_share",
        title="Claims refused by now among those reported in the month",
        measure=Share(of=REJECTED, among=pl.col("reported_on").is_not_null()),
        direction=-1,
        dates={"cohort": "reported_on"},
        source="Refusals by the cases received; smaller than the share of refusals among decisions",
        definition="Claims reported in the month that have been refused by the as-of date.",
        formula="refused / reported",
        example=THOUSAND(value=0.04, numerator=40, denominator=1000),
        **_OUTCOME,
    ),
    Kpi(
        code="claim_withdrawn_share",
        title="Claims withdrawn by the customer among all closed",
        measure=Share(of=pl.col("outcome") == "withdrawn", among=ENDED),
        direction=-1,
        dates=BY_END,
        horizon_days=60,
        source="Goes with the admitted share, which rises where customers are steered to withdraw",
        definition="Claims that the customer withdrew among all that ended.",
        formula="withdrawn / ended",
        example=THOUSAND(value=15 / 990, numerator=15, denominator=990),
        **SHARE | {"minimum": 50},
    ),
    Kpi(
        code="claim_paid_amount_share",
        version="2",
        switch="claims.second_decision",
        title="Amount paid per amount claimed, decided claims",
        measure=Ratio("paid_amount", "claimed_amount", is_share=True),
        unit="ratio",
        direction=1,
        dates=BY_DECISION,
        horizon_days=60,
        source="Medical claims: by the eligible amount, where that is what the source gives as claimed",
        definition="Amounts paid on decided claims, refused ones included, over the amounts claimed.",
        formula="Σ paid / Σ claimed",
        example=Example(
            "600 paid of 1,000 claimed and 2,500 of 2,300; 200 refused; one without an amount claimed, one not decided",
            value=3100 / 3500,
            numerator=3100,
            denominator=3500,
            every=FIRST,
            rows=rows("""
                reported_on  decided_on  claimed_amount  paid_amount  outcome
                2025-03-04   2025-03-10            1000          600  paid_part
                2025-03-04   2025-03-10            2300         2500  paid_full
                2025-03-04   2025-03-12             200            -  rejected
                2025-03-04   2025-03-12               -         1000  paid_part
                2025-03-04   -                      700            -  -
            """),
        ),
        **CLAIM
        | {
            "population": FIRST_HANDLING & DECIDED & (pl.col("claimed_amount") > 0),
            "counts": f"{FIRST_WORDS}, decided and with an amount claimed",
        },
    ),
    Kpi(
        code="claim_cancelled_share",
        title="Reports cancelled by the insurer (报案注销率), by the reports of the month",
        measure=Share(of=pl.col("outcome") == "cancelled", among=pl.col("reported_on").is_not_null()),
        direction=-1,
        dates={"cohort": "reported_on"},
        horizon_days=30,
        source="Motor indicator dictionary: 报案注销率, here numerator and denominator of the same cases",
        definition="Claims reported in the month that the insurer cancelled since.",
        formula="cancelled / reported",
        example=Example(
            "300 of 12,000 reported claims cancelled",
            value=0.025,
            numerator=300,
            denominator=12_000,
            every=FIRST,
            rows=rows("""
                cases  reported_on  outcome
                  300  2025-03-04   cancelled
                10000  2025-03-04   paid_full
                 1700  2025-03-04   -
            """),
        ),
        **SHARE | {"population": pl.col("spell_no") == 1, "counts": REPORTED_WORDS},
    ),
    Kpi(
        code="claim_reopened_within_90_days_share",
        title="Decided claims reopened within 90 days of their end, those with 90 days behind them",
        measure=of_known("is_reopened_within_90_days"),
        direction=-1,
        dates={"cohort": "ended_on"},
        horizon_days=90,
        source="NAIC Market Conduct Annual Statement asks for the convention: here a reopening, no new claim",
        definition="Decided claims that were reopened within 90 days of their end, once those days are over.",
        formula="reopened within 90 days / ended 90 days ago or longer",
        example=Example(
            "ended on 01-10 (reopened 02-01), 02-15, 03-20 (reopened 06-25, after 97 days), 05-10 (reopened) and "
            "06-01, as of 06-30: the last two have not 90 days behind them",
            value=1 / 3,
            numerator=1,
            denominator=3,
            every=FIRST,
            rows=rows("""
                ended_on    is_reopened_within_90_days
                2025-01-10  yes
                2025-02-15  no
                2025-03-20  no
                2025-05-10  -
                2025-06-01  -
            """),
            period="2025-01/2025-06",
            as_of="2025-06-30",
        ),
        **SHARE,
    ),
    Kpi(
        code="claim_straight_through_reopened_share",
        title="Claims decided without human touch that were reopened within 90 days of their end",
        measure=of_known("is_reopened_within_90_days"),
        direction=-1,
        dates={"cohort": "ended_on"},
        horizon_days=90,
        source="Guard of straight-through processing",
        definition="As decided claims reopened within 90 days, of those that the system decided alone.",
        formula="reopened within 90 days / ended 90 days ago or longer",
        example=Example(
            "of 50 claims that the system decided, ended long ago, 2 came back after 10 and 80 days, 1 "
            "after 97",
            value=0.04,
            numerator=2,
            denominator=50,
            every=FIRST | {"is_decided_by_system": "yes"},
            rows=rows("""
                cases  ended_on    is_reopened_within_90_days
                    2  2025-03-10  yes
                   48  2025-03-10  no
            """),
        ),
        **SHARE
        | {
            "population": FIRST_HANDLING & pl.col("is_decided_by_system"),
            "counts": f"{FIRST_WORDS}, decided by the system",
        },
    ),
    Kpi(
        code="claim_overturned_share",
        title="Reopened claims that were paid by the second decision",
        measure=of_known("is_overturned"),
        direction=-1,
        dates={"period": "decided_on"},
        source="Decisions changed among those reviewed",
        definition="Reopened claims that were paid, in full or in part, among those decided anew.",
        formula="paid / decided anew",
        example=Example(
            "of 25 reopened claims 20 are decided anew, 8 of them paid",
            value=0.4,
            numerator=8,
            denominator=20,
            every={"spell_no": "2"},
            rows=rows("""
                cases  decided_on  is_overturned
                    8  2025-03-10  yes
                   12  2025-03-10  no
                    5  -           -
            """),
        ),
        **SHARE | {"population": pl.col("spell_no") > 1, "counts": REOPENED_WORDS},
    ),
)
