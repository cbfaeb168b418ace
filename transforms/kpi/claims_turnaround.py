"""The KPIs of how long claims take: each clock once, then all that is asked of it.

Figures of ended claims alone fall while a backlog builds up and jump when it is cleared; those that count open claims
do not, so that they stand side by side. What is late by law, contract or promise is in `claims_terms.py`.
"""

from functools import partial
from typing import Any

import polars as pl

from transforms.facts.claim_clocks import CLOCKED, CLOCKS
from transforms.kpi.claims import (
    BACKWARDS_WORDS,
    BY_DECISION,
    BY_PAYMENT,
    CLAIM,
    FIRST,
    FIRST_HANDLING,
    FIRST_WORDS,
    NOT_ZERO_WORDS,
    PAID,
    PAID_WORDS,
    backwards,
)
from transforms.measures.curve_measures import Clock
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.measures.turnaround import Turnaround

GUIDE = "Guide to small-claim service (保险小额理赔服务指引), CIRC consumer bureau (2015) no. 201"
_NOTICE = "Turnaround from first notice of loss"
_ARTICLE_23 = "Insurance Law of the PRC art. 23 sets the outer limit"
_KAPLAN_MEIER = f"Kaplan and Meier (1958), JASA 53; {_ARTICLE_23}"
_AALEN_JOHANSEN = "Aalen and Johansen (1978), Scand. J. Statist. 5; Insurance Law of the PRC arts 23 and 25"
_ROYSTON_PARMAR = "Royston and Parmar (2013), BMC Medical Research Methodology 13, 152"
_PAID: dict[str, Any] = CLAIM | {"population": FIRST_HANDLING & PAID, "counts": PAID_WORDS}


def _runs(days: str) -> Clock:
    """The clock of a duration of the fact as it runs for claims still open."""
    _, starts, ends = CLOCKS[days]
    in_days = Clock(CLOCKED[starts][0], CLOCKED[ends][0], ("withdrawn_on", "ended_on"))
    return Clock(starts, ends, ("withdrawn_at", "ended_at"), in_days)


def _until_paid(days: str) -> Turnaround:
    """A duration of paid claims by the month of payment, without those of which its clock runs backwards."""
    _, starts, ends = CLOCKS[days]
    told = _PAID | {"excluded": backwards(days), "leaves_out": BACKWARDS_WORDS}
    return Turnaround(
        clock=Clock(starts, ends), days=days, ended="paid", dates=BY_PAYMENT, horizon_days=60, **told
    )


DECISION = Turnaround(
    clock=_runs("report_to_decision_days"),
    days="report_to_decision_days",
    ended="decided",
    withdrawn_on="withdrawn_on",
    dates=BY_DECISION,
    horizon_days=30,
    **CLAIM,
)
DOCUMENTS_TO_DECISION = Turnaround(
    clock=_runs("documents_to_decision_days"),
    days="documents_to_decision_days",
    ended="decided",
    dates={"cohort": "documents_complete_on", "period": "decided_on"},
    horizon_days=30,
    **CLAIM,
)
PAYMENT = Turnaround(
    clock=_runs("report_to_payment_days"),
    days="report_to_payment_days",
    ended="paid",
    dates=BY_PAYMENT,
    horizon_days=60,
    ended_cases=_PAID,
    **CLAIM,
)
AGREEMENT_TO_PAYMENT = Turnaround(
    clock=_runs("agreement_to_payment_days"),
    days="agreement_to_payment_days",
    ended="paid",
    dates={"cohort": "payable_on", "period": "paid_on"},
    horizon_days=10,
    ended_cases=_PAID | {"excluded": backwards("agreement_to_payment_days"), "leaves_out": BACKWARDS_WORDS},
    **CLAIM
    | {
        "population": FIRST_HANDLING & (PAID | pl.col("outcome").is_null()),
        "counts": f"{FIRST_WORDS}, paid or without an outcome yet",
    },
)
LOSS_TO_PAYMENT = _until_paid("loss_to_payment_days")
LOSS_TO_REPORT = _until_paid("loss_to_report_days")
REPORT_TO_DOCUMENTS = _until_paid("report_to_documents_days")
DOCUMENTS_TO_PAYMENT = _until_paid("documents_to_payment_days")
CLOSING = Turnaround(
    clock=Clock("reported_at", "ended_at"),
    days="report_to_closing_days",
    ended="closed",
    dates={"period": "ended_on"},
    **CLAIM
    | {
        "population": FIRST_HANDLING & (pl.col("outcome") != "zero").fill_null(True),
        "counts": NOT_ZERO_WORDS,
    },
)

# The claims of the examples: one table a clock, of which all its statistics are known by hand.
_TEN = rows("""
    cases  reported_at       first_decided_at  withdrawn_at
        1  2025-03-03T12:00  2025-03-05T12:00  -
        2  2025-03-03T12:00  2025-03-06T12:00  -
        1  2025-03-03T12:00  2025-03-08T12:00  -
        1  2025-03-03T12:00  2025-03-11T12:00  -
        1  2025-03-03T12:00  2025-03-13T12:00  -
        1  2025-03-03T12:00  2025-03-15T12:00  -
        1  2025-03-31T12:00  -                 -
        1  2025-03-22T12:00  -                 -
        1  2025-03-01T12:00  -                 -
""")
_LEFT = rows("""
    cases  reported_at       first_decided_at  withdrawn_at
        1  2025-03-03T12:00  -                 2025-03-07T12:00
        1  2025-03-03T12:00  -                 2025-03-12T12:00
""")
_TEN_WORDS = "ten claims: decided on days 2, 3, 3, 5, 8, 10 and 12; open for 6, 15 and 36 days"
TEN = partial(Example, _TEN_WORDS, rows=_TEN, as_of="2025-04-06", every=FIRST)
TWELVE = partial(
    Example,
    f"{_TEN_WORDS}; two more withdrawn on days 4 and 9",
    rows=(*_TEN, *_LEFT),
    as_of="2025-04-06",
    every=FIRST,
)
SLOW = partial(
    Example,
    "ten claims: decided on days 2, 3, 3, 5, 8, 10, 12, 20 and 25; open for 6 days",
    rows=(
        *_TEN[:-2],
        *rows("""
            cases  reported_at       first_decided_at
                1  2025-03-03T12:00  2025-03-23T12:00
                1  2025-03-03T12:00  2025-03-28T12:00
        """),
    ),
    as_of="2025-04-06",
    every=FIRST,
)
ELEVEN = partial(
    Example,
    "ten claims took 1, 2, 2, 3, 4, 5, 7, 9, 15 and 30 days, an eleventh is open for 3",
    rows=rows("""
        cases  documents_complete_at  first_decided_at
            1  2025-03-01T12:00       2025-03-02T12:00
            2  2025-03-01T12:00       2025-03-03T12:00
            1  2025-03-01T12:00       2025-03-04T12:00
            1  2025-03-01T12:00       2025-03-05T12:00
            1  2025-03-01T12:00       2025-03-06T12:00
            1  2025-03-01T12:00       2025-03-08T12:00
            1  2025-03-01T12:00       2025-03-10T12:00
            1  2025-03-01T12:00       2025-03-16T12:00
            1  2025-03-01T12:00       2025-03-31T12:00
            1  2025-03-31T12:00       -
    """),
    as_of="2025-04-03",
    every=FIRST,
)
SIX = partial(
    Example,
    "six claims: paid on days 5, 10 and 20; refused on day 8; open for 15 and 65 days",
    rows=rows("""
        reported_at       paid_at           ended_at          outcome
        2025-03-03T12:00  2025-03-08T12:00  2025-03-08T12:00  paid_full
        2025-03-03T12:00  2025-03-13T12:00  2025-03-13T12:00  paid_part
        2025-03-03T12:00  2025-03-23T12:00  2025-03-23T12:00  paid_full
        2025-03-03T12:00  -                 2025-03-11T12:00  rejected
        2025-03-22T12:00  -                 -                 -
        2025-01-31T12:00  -                 -                 -
    """),
    period="2025-01/2025-03",
    as_of="2025-04-06",
    every=FIRST,
)
AGREED = partial(
    Example,
    "paid 1, 2, 4 and 9 days after the agreement; unpaid for 3 days",
    rows=rows("""
        payable_at        paid_at           outcome
        2025-03-03T12:00  2025-03-04T12:00  paid_full
        2025-03-03T12:00  2025-03-05T12:00  paid_full
        2025-03-03T12:00  2025-03-07T12:00  paid_full
        2025-03-03T12:00  2025-03-12T12:00  paid_full
        2025-03-31T12:00  -                 paid_full
    """),
    as_of="2025-04-03",
    every=FIRST,
)
SEGMENTS = partial(
    Example,
    "three claims with days from loss to report, to documents, to payment: 2, 7, 1; 4, 9, 3; 0, 2, 5",
    rows=rows("""
        reported_on  loss_at           reported_at       documents_complete_at  paid_at           outcome
        2025-03-03   2025-03-01T12:00  2025-03-03T12:00  2025-03-10T12:00       2025-03-11T12:00  paid_full
        2025-03-05   2025-03-01T12:00  2025-03-05T12:00  2025-03-14T12:00       2025-03-17T12:00  paid_full
        2025-03-01   2025-03-01T12:00  2025-03-01T12:00  2025-03-03T12:00       2025-03-08T12:00  paid_full
    """),
    every=FIRST,
)

KPIS: tuple[Kpi, ...] = (
    DECISION.median(
        code="claim_report_to_decision_days_median",
        version="2",
        title="Days from report to first decision, median",
        source=f"{_NOTICE}; {_ARTICLE_23}",
        definition="Median of the days from the report to the first decision, of decided claims only.",
        example=TEN(value=5, denominator=7),
    ),
    DECISION.km_median(
        code="claim_report_to_decision_days_km_median",
        version="2",
        title="Days from report to first decision, median with open claims counted (Kaplan–Meier)",
        source=_KAPLAN_MEIER,
        definition="Days by which half of the claims are decided, open ones counted for as long as they "
        "have been open.",
        example=TEN(value=8, denominator=10),
    ),
    DECISION.p90(
        code="claim_report_to_decision_days_p90",
        version="2",
        title="Days from report to first decision, 90th percentile",
        source=f"{_NOTICE}; {_ARTICLE_23}",
        definition="Days from the report to the first decision that nine in ten decided claims do not exceed.",
        example=TEN(value=10.8, denominator=7),
    ),
    DECISION.km_p90(
        code="claim_report_to_decision_days_km_p90",
        version="2",
        title="Days from report to first decision, 90th percentile with open claims counted (Kaplan–Meier)",
        source=_KAPLAN_MEIER,
        definition="Days by which nine in ten claims are decided, open ones counted for as long as they "
        "have been open.",
        example=SLOW(value=25, denominator=10),
    ),
    DECISION.mean(
        code="claim_report_to_decision_days_mean",
        version="2",
        title="Days from report to first decision, mean",
        source=f"{_NOTICE}; a few long claims move it, so that it follows the median",
        definition="Mean of the days from the report to the first decision, of decided claims only.",
        example=TEN(value=43 / 7, numerator=43, denominator=7),
    ),
    DECISION.restricted_mean(
        30,
        code="claim_report_to_decision_days_restricted_mean",
        version="2",
        title="Days from report to first decision, counted up to 30, mean with open claims counted",
        source=_ROYSTON_PARMAR,
        definition="Mean days to the decision, where a claim counts for 30 at most and open ones are "
        "followed on.",
        example=TEN(value=12.1, denominator=10),
    ),
    DECISION.within_days(
        30,
        code="claim_decided_within_30_days_share",
        title="Claims decided within 30 days of the report",
        source="Insurance Law of the PRC art. 23(1): 30 days for complex cases, here from the report",
        definition="Claims decided within 30 calendar days of the report, among those of which it is known: open "
        "ones are late once older, undetermined before.",
        example=TEN(value=7 / 8, numerator=7, denominator=8),
    ),
    DECISION.probability(
        30,
        code="claim_decided_within_30_days_probability",
        version="2",
        title="Probability that a claim is decided within 30 days of the report, had nobody withdrawn",
        source=_KAPLAN_MEIER,
        definition="Probability of a decision within 30 days of the report; who withdraws is taken to "
        "be like the rest.",
        example=TEN(value=0.76, denominator=10),
    ),
    DECISION.incidence(
        30,
        code="claim_decided_within_30_days_incidence",
        title="Claims decided within 30 calendar days of the report, open ones counted and withdrawals competing",
        source=_AALEN_JOHANSEN,
        definition="Share of claims decided within 30 days of the report; who withdraws is never decided.",
        example=TWELVE(value=0.625, denominator=12),
    ),
    DOCUMENTS_TO_DECISION.median(
        code="claim_documents_to_decision_days_median",
        version="2",
        title="Days from complete documents to first decision, median",
        source="Insurance Law of the PRC art. 23",
        definition="Median of the days from the last completion of the documents to the first decision.",
        example=ELEVEN(value=4.5, denominator=10),
    ),
    DOCUMENTS_TO_DECISION.km_median(
        code="claim_documents_to_decision_days_km_median",
        version="2",
        title="Days from complete documents to first decision, median with open claims counted (Kaplan–Meier)",
        source=_KAPLAN_MEIER,
        definition="Days from complete documents by which half of the claims are decided, open ones counted.",
        example=ELEVEN(value=5, denominator=11),
    ),
    DOCUMENTS_TO_DECISION.p90(
        code="claim_documents_to_decision_days_p90",
        version="2",
        title="Days from complete documents to first decision, 90th percentile",
        source="Insurance Law of the PRC art. 23",
        definition="Days from complete documents to the first decision that nine in ten decided claims "
        "do not exceed.",
        example=ELEVEN(value=16.5, denominator=10),
    ),
    PAYMENT.median(
        code="claim_report_to_payment_days_median",
        version="2",
        title="Days from report to payment, median",
        source="End-to-end turnaround (案均报案支付周期 by its median)",
        definition="Median of the days from the report to the payment, of paid claims only.",
        example=SIX(value=10, denominator=3),
    ),
    PAYMENT.km_median(
        code="claim_report_to_payment_days_km_median",
        version="2",
        title="Days from report to payment, median with open claims counted, had none been refused",
        source=_KAPLAN_MEIER,
        definition="Days by which half of the claims are paid, open ones counted, had those refused or "
        "withdrawn gone on.",
        example=SIX(value=20, denominator=6),
    ),
    PAYMENT.mean(
        code="claim_report_to_payment_days_mean",
        version="2",
        title="Days from report to payment, mean",
        source="CIRC service evaluation 2015: 案均报案支付周期 (name published, formula by analogy)",
        definition="Mean of the days from the report to the payment, of paid claims only.",
        example=SIX(value=35 / 3, numerator=35, denominator=3),
    ),
    PAYMENT.restricted_mean(
        60,
        code="claim_report_to_payment_days_restricted_mean",
        version="2",
        title="Days from report to payment, counted up to 60, mean with open claims counted, had none been refused",
        source=_ROYSTON_PARMAR,
        definition="Mean days to the payment, where a claim counts for 60 at most, open ones counted, "
        "had none been refused.",
        example=SIX(value=335 / 12, denominator=6),
    ),
    PAYMENT.incidence(
        60,
        code="claim_paid_within_60_days_incidence",
        title="Claims paid within 60 calendar days of the report, open ones counted and refusals competing",
        source=_AALEN_JOHANSEN,
        definition="Share of claims paid within 60 days of the report; who is refused or withdraws is "
        "never paid.",
        example=SIX(value=7 / 12, denominator=6),
    ),
    PAYMENT.beyond_days(
        60,
        code="claim_paid_beyond_60_days_share",
        version="2",
        title="Paid claims that were paid more than 60 days after the report",
        horizon_days=90,
        source="NAIC Market Conduct Annual Statement: share of claims paid beyond 60 days",
        definition="Claims paid more than 60 days of 24 hours after the report among those paid.",
        example=Example(
            "paid 3, 12, 60 and 61 days after the report",
            value=1 / 4,
            numerator=1,
            denominator=4,
            rows=rows("""
                reported_at       paid_at           outcome
                2025-03-03T12:00  2025-03-06T12:00  paid_full
                2025-03-03T12:00  2025-03-15T12:00  paid_full
                2025-03-03T12:00  2025-05-02T12:00  paid_full
                2025-03-03T12:00  2025-05-03T12:00  paid_full
            """),
            every=FIRST,
        ),
    ),
    AGREEMENT_TO_PAYMENT.median(
        code="claim_agreement_to_payment_days_median",
        version="2",
        title="Days from agreement, else decision, to payment, median",
        source="Insurance Law of the PRC art. 23(1): 10 days",
        definition="Median of the days from the agreement to the payment, from the decision where no "
        "agreement is recorded.",
        example=AGREED(value=3, denominator=4),
    ),
    AGREEMENT_TO_PAYMENT.km_median(
        code="claim_agreement_to_payment_days_km_median",
        version="2",
        title="Days from agreement, else decision, to payment, median with unpaid claims counted (Kaplan–Meier)",
        source="Insurance Law of the PRC art. 23(1): payment within 10 days of the agreement",
        definition="Days from the agreement, else decision, by which half of the claims are paid, "
        "unpaid ones counted.",
        example=AGREED(value=4, denominator=5),
    ),
    LOSS_TO_PAYMENT.median(
        code="claim_loss_to_payment_days_median",
        version="2",
        title="Days from loss to payment (出险支付周期), median",
        source=f"{GUIDE}: the sum of loss to report, report to documents and documents to payment",
        definition="Median of the days from the loss to the payment.",
        example=SEGMENTS(value=10, denominator=3),
    ),
    LOSS_TO_PAYMENT.mean(
        code="claim_loss_to_payment_days_mean",
        version="2",
        title="Days from loss to payment (案均出险支付周期), mean",
        source="Insurance service quality index (保险服务质量指数, 2021)",
        definition="Mean of the days from the loss to the payment, the sum of its three segments.",
        example=SEGMENTS(value=11, numerator=33, denominator=3),
    ),
    LOSS_TO_REPORT.mean(
        code="claim_loss_to_report_days_mean",
        version="2",
        title="Days from loss to report (出险报案周期), mean",
        source=GUIDE,
        definition="Mean of the days from the loss to the report of paid claims.",
        example=SEGMENTS(value=2, numerator=6, denominator=3),
    ),
    REPORT_TO_DOCUMENTS.mean(
        code="claim_report_to_documents_days_mean",
        version="2",
        title="Days from report to complete documents (报案索赔周期), mean",
        source=GUIDE,
        definition="Mean of the days from the report to complete documents of paid claims.",
        example=SEGMENTS(value=6, numerator=18, denominator=3),
    ),
    DOCUMENTS_TO_PAYMENT.mean(
        code="claim_documents_to_payment_days_mean",
        version="2",
        title="Days from complete documents to payment (索赔支付周期), mean",
        source=GUIDE,
        definition="Mean of the days from complete documents to the payment.",
        example=SEGMENTS(value=3, numerator=9, denominator=3),
    ),
    DOCUMENTS_TO_PAYMENT.median(
        code="claim_documents_to_payment_days_median",
        version="2",
        title="Days from complete documents to payment (索赔支付周期), median",
        source=GUIDE,
        definition="Median of the days from complete documents to the payment.",
        example=SEGMENTS(value=3, denominator=3),
    ),
    CLOSING.mean(
        code="claim_report_to_closing_days_mean",
        version="2",
        title="Days from report to closing (案均结案周期), mean, zero closings left out",
        source="Jiangxi motor service indicators 2018: closed period, zero closings excluded",
        definition="Mean of the days from the report to the closing of claims closed in the month.",
        example=Example(
            "closed 10, 20 and 60 days after the report; a fourth closed at zero after 2",
            value=30,
            numerator=90,
            denominator=3,
            rows=rows("""
                reported_at       ended_at          ended_on    outcome
                2025-03-01T12:00  2025-03-11T12:00  2025-03-11  paid_full
                2025-02-20T12:00  2025-03-12T12:00  2025-03-12  rejected
                2025-01-19T12:00  2025-03-20T12:00  2025-03-20  paid_full
                2025-03-01T12:00  2025-03-03T12:00  2025-03-03  zero
            """),
            every=FIRST,
        ),
    ),
)
