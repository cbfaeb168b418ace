"""The KPIs of claims that count open ones by the time they have been open, beside the closed-only ones.

Closed-only medians fall while a backlog builds up and jump when it is cleared; these do not.
"""

from typing import Any

import polars as pl

from transforms.kpi.claims import FAULTY, FIRST_HANDLING, PAID
from transforms.kpi.definition import Kpi
from transforms.kpi.survival_measures import (
    Clock,
    Incidence,
    RestrictedMean,
    SurvivalQuantile,
    WithinProbability,
)

REPORT_TO_DECISION = Clock("reported_at", "first_decided_at", exits=("withdrawn_at", "ended_at"))
DAYS_TO_DECISION = Clock("reported_on", "decided_on", exits=("withdrawn_on", "ended_on"))
DOCUMENTS_TO_DECISION = Clock("documents_complete_at", "first_decided_at", exits=("withdrawn_at", "ended_at"))
REPORT_TO_PAYMENT = Clock("reported_at", "paid_at", exits=("withdrawn_at", "ended_at"))
DAYS_TO_PAYMENT = Clock("reported_on", "paid_on", exits=("withdrawn_on", "ended_on"))
AGREEMENT_TO_PAYMENT = Clock("payable_at", "paid_at", exits=("withdrawn_at", "ended_at"))

_KAPLAN_MEIER = "Kaplan and Meier (1958), JASA 53; Insurance Law of the PRC art. 23 sets the outer limit"
_AALEN_JOHANSEN = "Aalen and Johansen (1978), Scand. J. Statist. 5; Insurance Law of the PRC arts 23 and 25"
_REPORTED: dict[str, Any] = {
    "fact": "core.claims",
    "population": FIRST_HANDLING,
    "excluded": FAULTY,
    "dates": {"cohort": "reported_on"},
    "minimum": 30,
}
_PAYABLE: dict[str, Any] = _REPORTED | {
    "population": FIRST_HANDLING & (PAID | pl.col("outcome").is_null()),
    "dates": {"cohort": "payable_on"},
}

KPIS = (
    Kpi(
        code="claim_report_to_decision_days_km_median",
        title="Days from report to first decision, median with open claims counted (Kaplan–Meier)",
        measure=SurvivalQuantile(REPORT_TO_DECISION, 0.5),
        unit="days",
        direction=-1,
        source=_KAPLAN_MEIER,
        **_REPORTED,
    ),
    Kpi(
        code="claim_report_to_decision_days_km_p90",
        title="Days from report to first decision, 90th percentile with open claims counted (Kaplan–Meier)",
        measure=SurvivalQuantile(REPORT_TO_DECISION, 0.9),
        unit="days",
        direction=-1,
        source=_KAPLAN_MEIER,
        **_REPORTED,
    ),
    Kpi(
        code="claim_report_to_decision_days_restricted_mean",
        title="Days from report to first decision, counted up to 30, mean with open claims counted",
        measure=RestrictedMean(REPORT_TO_DECISION, 30),
        unit="days",
        direction=-1,
        source="Royston and Parmar (2013), BMC Medical Research Methodology 13, 152",
        **_REPORTED,
    ),
    Kpi(
        code="claim_decided_within_30_days_probability",
        title="Probability that a claim is decided within 30 days of the report, had nobody withdrawn",
        measure=WithinProbability(REPORT_TO_DECISION, 30),
        unit="probability",
        direction=1,
        source=_KAPLAN_MEIER,
        **_REPORTED,
    ),
    Kpi(
        code="claim_decided_within_30_days_incidence",
        title="Claims decided within 30 calendar days of the report, open ones counted and withdrawals competing",
        measure=Incidence(DAYS_TO_DECISION, 30),
        unit="probability",
        direction=1,
        source=_AALEN_JOHANSEN,
        **_REPORTED,
    ),
    Kpi(
        code="claim_documents_to_decision_days_km_median",
        title="Days from complete documents to first decision, median with open claims counted (Kaplan–Meier)",
        measure=SurvivalQuantile(DOCUMENTS_TO_DECISION, 0.5),
        unit="days",
        direction=-1,
        source=_KAPLAN_MEIER,
        **_REPORTED | {"dates": {"cohort": "documents_complete_on"}},
    ),
    Kpi(
        code="claim_report_to_payment_days_km_median",
        title="Days from report to payment, median with open claims counted, had none been refused",
        measure=SurvivalQuantile(REPORT_TO_PAYMENT, 0.5),
        unit="days",
        direction=-1,
        source=_KAPLAN_MEIER,
        **_REPORTED,
    ),
    Kpi(
        code="claim_report_to_payment_days_restricted_mean",
        title="Days from report to payment, counted up to 60, mean with open claims counted, had none been refused",
        measure=RestrictedMean(REPORT_TO_PAYMENT, 60),
        unit="days",
        direction=-1,
        source="Royston and Parmar (2013), BMC Medical Research Methodology 13, 152",
        **_REPORTED,
    ),
    Kpi(
        code="claim_paid_within_60_days_incidence",
        title="Claims paid within 60 calendar days of the report, open ones counted and refusals competing",
        measure=Incidence(DAYS_TO_PAYMENT, 60),
        unit="probability",
        direction=1,
        source=_AALEN_JOHANSEN,
        **_REPORTED,
    ),
    Kpi(
        code="claim_agreement_to_payment_days_km_median",
        title="Days from agreement, else decision, to payment, median with unpaid claims counted (Kaplan–Meier)",
        measure=SurvivalQuantile(AGREEMENT_TO_PAYMENT, 0.5),
        unit="days",
        direction=-1,
        source="Insurance Law of the PRC art. 23(1): payment within 10 days of the agreement",
        **_PAYABLE,
    ),
)
