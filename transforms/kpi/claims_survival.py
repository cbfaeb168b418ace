"""The KPIs of claims that count open ones by the time they have been open, beside the closed-only ones.

Closed-only medians fall while a backlog builds up and jump when it is cleared; these do not.
"""

from dataclasses import replace
from typing import Any

import polars as pl

from transforms.kpi.claims import FAULTY, FAULTY_WORDS, FIRST_HANDLING, FIRST_WORDS, PAID, TEN_CLAIMS, WORKED
from transforms.measures.curve_measures import (
    Clock,
    Incidence,
    RestrictedMean,
    SurvivalQuantile,
    WithinProbability,
)
from transforms.measures.definition import Kpi
from transforms.measures.example import Example

DAYS_TO_DECISION = Clock("reported_on", "decided_on", exits=("withdrawn_on", "ended_on"))
DAYS_TO_PAYMENT = Clock("reported_on", "paid_on", exits=("withdrawn_on", "ended_on"))


def _exact(starts: str, ends: str, in_days: Clock) -> Clock:
    return Clock(starts, ends, ("withdrawn_at", "ended_at"), in_days)


REPORT_TO_DECISION = _exact("reported_at", "first_decided_at", DAYS_TO_DECISION)
DOCUMENTS_TO_DECISION = _exact(
    "documents_complete_at", "first_decided_at", replace(DAYS_TO_DECISION, starts="documents_complete_on")
)
REPORT_TO_PAYMENT = _exact("reported_at", "paid_at", DAYS_TO_PAYMENT)
AGREEMENT_TO_PAYMENT = _exact("payable_at", "paid_at", replace(DAYS_TO_PAYMENT, starts="payable_on"))

_KAPLAN_MEIER = "Kaplan and Meier (1958), JASA 53; Insurance Law of the PRC art. 23 sets the outer limit"
_AALEN_JOHANSEN = "Aalen and Johansen (1978), Scand. J. Statist. 5; Insurance Law of the PRC arts 23 and 25"
_WHEN = "least t with S(t) ≤ {left}, S(t) = Π (1 − {ended} / at risk)"
FIVE_CLAIMS = "paid on days 5, 10 and 20; refused on day 8; open for 15 days"
_REPORTED: dict[str, Any] = {
    "fact": "core.claims",
    "population": FIRST_HANDLING,
    "counts": FIRST_WORDS,
    "excluded": FAULTY,
    "leaves_out": FAULTY_WORDS,
    "dates": {"cohort": "reported_on"},
    "minimum": 30,
}
_PAYABLE: dict[str, Any] = _REPORTED | {
    "population": FIRST_HANDLING & (PAID | pl.col("outcome").is_null()),
    "counts": f"{FIRST_WORDS}, paid or without an outcome yet",
    "dates": {"cohort": "payable_on"},
}

KPIS = (
    Kpi(
        code="claim_report_to_decision_days_km_median",
        version="2",
        title="Days from report to first decision, median with open claims counted (Kaplan–Meier)",
        measure=SurvivalQuantile(REPORT_TO_DECISION, 0.5),
        unit="days",
        direction=-1,
        source=_KAPLAN_MEIER,
        definition="Days by which half of the claims are decided, open ones counted for as long as they "
        "have been open.",
        formula=_WHEN.format(left=0.5, ended="decided"),
        example=Example(f"{TEN_CLAIMS} (of the decided alone the median is 5)", 8, WORKED),
        **_REPORTED,
    ),
    Kpi(
        code="claim_report_to_decision_days_km_p90",
        version="2",
        title="Days from report to first decision, 90th percentile with open claims counted (Kaplan–Meier)",
        measure=SurvivalQuantile(REPORT_TO_DECISION, 0.9),
        unit="days",
        direction=-1,
        source=_KAPLAN_MEIER,
        definition="Days by which nine in ten claims are decided, open ones counted for as long as they "
        "have been open.",
        formula=_WHEN.format(left=0.1, ended="decided"),
        example=Example("decided on days 2, 3, 3, 5, 8, 10, 12, 20 and 25; open for 6 days", 25, WORKED),
        **_REPORTED,
    ),
    Kpi(
        code="claim_report_to_decision_days_restricted_mean",
        version="2",
        title="Days from report to first decision, counted up to 30, mean with open claims counted",
        measure=RestrictedMean(REPORT_TO_DECISION, 30),
        unit="days",
        direction=-1,
        source="Royston and Parmar (2013), BMC Medical Research Methodology 13, 152",
        definition="Mean days to the decision, where a claim counts for 30 at most and open ones are "
        "followed on.",
        formula="area under S(t) from 0 to 30 days",
        example=Example(TEN_CLAIMS, 12.1, WORKED),
        **_REPORTED,
    ),
    Kpi(
        code="claim_decided_within_30_days_probability",
        version="2",
        title="Probability that a claim is decided within 30 days of the report, had nobody withdrawn",
        measure=WithinProbability(REPORT_TO_DECISION, 30),
        unit="probability",
        direction=1,
        source=_KAPLAN_MEIER,
        definition="Probability of a decision within 30 days of the report; who withdraws is taken to "
        "be like the rest.",
        formula="1 − S(30)",
        example=Example(TEN_CLAIMS, 0.76, WORKED),
        **_REPORTED,
    ),
    Kpi(
        code="claim_decided_within_30_days_incidence",
        title="Claims decided within 30 calendar days of the report, open ones counted and withdrawals competing",
        measure=Incidence(DAYS_TO_DECISION, 30),
        unit="probability",
        direction=1,
        source=_AALEN_JOHANSEN,
        definition="Share of claims decided within 30 days of the report; who withdraws is never decided.",
        formula="Σ S(t−) · decided / at risk, over t ≤ 30",
        example=Example(f"{TEN_CLAIMS}; withdrawn on days 4 and 9", 0.625, WORKED),
        **_REPORTED,
    ),
    Kpi(
        code="claim_documents_to_decision_days_km_median",
        version="2",
        title="Days from complete documents to first decision, median with open claims counted (Kaplan–Meier)",
        measure=SurvivalQuantile(DOCUMENTS_TO_DECISION, 0.5),
        unit="days",
        direction=-1,
        source=_KAPLAN_MEIER,
        definition="Days from complete documents by which half of the claims are decided, open ones counted.",
        formula=_WHEN.format(left=0.5, ended="decided"),
        example=Example("decided 1, 4 and 6 days after complete documents; open for 3 days", 4, WORKED),
        **_REPORTED | {"dates": {"cohort": "documents_complete_on"}},
    ),
    Kpi(
        code="claim_report_to_payment_days_km_median",
        version="2",
        title="Days from report to payment, median with open claims counted, had none been refused",
        measure=SurvivalQuantile(REPORT_TO_PAYMENT, 0.5),
        unit="days",
        direction=-1,
        source=_KAPLAN_MEIER,
        definition="Days by which half of the claims are paid, open ones counted, had those refused or "
        "withdrawn gone on.",
        formula=_WHEN.format(left=0.5, ended="paid"),
        example=Example(FIVE_CLAIMS, 20, WORKED),
        **_REPORTED,
    ),
    Kpi(
        code="claim_report_to_payment_days_restricted_mean",
        version="2",
        title="Days from report to payment, counted up to 60, mean with open claims counted, had none been refused",
        measure=RestrictedMean(REPORT_TO_PAYMENT, 60),
        unit="days",
        direction=-1,
        source="Royston and Parmar (2013), BMC Medical Research Methodology 13, 152",
        definition="Mean days to the payment, where a claim counts for 60 at most, open ones counted, "
        "had none been refused.",
        formula="area under S(t) from 0 to 60 days",
        example=Example(FIVE_CLAIMS, 43 / 3, WORKED),
        **_REPORTED,
    ),
    Kpi(
        code="claim_paid_within_60_days_incidence",
        title="Claims paid within 60 calendar days of the report, open ones counted and refusals competing",
        measure=Incidence(DAYS_TO_PAYMENT, 60),
        unit="probability",
        direction=1,
        source=_AALEN_JOHANSEN,
        definition="Share of claims paid within 60 days of the report; who is refused or withdraws is "
        "never paid.",
        formula="Σ S(t−) · paid / at risk, over t ≤ 60",
        example=Example(FIVE_CLAIMS, 0.8, WORKED),
        **_REPORTED,
    ),
    Kpi(
        code="claim_agreement_to_payment_days_km_median",
        version="2",
        title="Days from agreement, else decision, to payment, median with unpaid claims counted (Kaplan–Meier)",
        measure=SurvivalQuantile(AGREEMENT_TO_PAYMENT, 0.5),
        unit="days",
        direction=-1,
        source="Insurance Law of the PRC art. 23(1): payment within 10 days of the agreement",
        definition="Days from the agreement, else decision, by which half of the claims are paid, "
        "unpaid ones counted.",
        formula=_WHEN.format(left=0.5, ended="paid"),
        example=Example("paid 2, 4 and 9 days after the agreement; unpaid for 3 days", 4, WORKED),
        **_PAYABLE,
    ),
)
