"""The KPIs of complaints that count open ones by the time they have been open, beside the closed-only ones.

Shares of complaints in time are in `complaints.py`.
"""

from typing import Any

from transforms.kpi.complaints import FAULTY, FAULTY_WORDS, ORDER_2020, OWN_CASE, OWN_WORDS, WORKED
from transforms.measures.curve_measures import Clock, Incidence, RestrictedMean, SurvivalQuantile
from transforms.measures.definition import Kpi
from transforms.measures.example import Example

RECEIPT_TO_DECISION = Clock("received_on", "decided_on", exits=("withdrawn_on",))

_RECEIVED: dict[str, Any] = {
    "fact": "core.complaints",
    "population": OWN_CASE,
    "counts": OWN_WORDS,
    "excluded": FAULTY,
    "leaves_out": FAULTY_WORDS,
    "dates": {"cohort": "received_on"},
    "minimum": 20,
}
_TEN = "decided on days 2, 3, 3, 5, 8, 10 and 12; open for 6, 15 and 70 days"

KPIS = (
    Kpi(
        code="complaint_received_to_decided_days_km_median",
        version="2",
        title="Days from receipt to the decision on complaints, median with open ones counted (Kaplan–Meier)",
        measure=SurvivalQuantile(RECEIPT_TO_DECISION, 0.5),
        unit="days",
        direction=-1,
        source=f"Kaplan and Meier (1958), JASA 53; {ORDER_2020} sets the limits",
        definition="Calendar days by which half of the complaints are decided and the decision communicated, open "
        "ones counted for as long as they have been open, as if nobody withdrew.",
        formula="least t with S(t) ≤ 0.5, S(t) = Π (1 − decided / at risk)",
        example=Example(f"{_TEN} (of the decided alone the median is 5)", 8, WORKED),
        **_RECEIVED,
    ),
    Kpi(
        code="complaint_received_to_decided_days_restricted_mean",
        version="2",
        title="Days from receipt to the decision on complaints, counted up to 60, mean with open ones counted",
        measure=RestrictedMean(RECEIPT_TO_DECISION, 60),
        unit="days",
        direction=-1,
        source="Royston and Parmar (2013), BMC Medical Research Methodology 13, 152",
        definition="Mean calendar days to the decision, where a complaint counts for 60 at most and open ones are "
        "followed on, as if nobody withdrew.",
        formula="area under S(t) from 0 to 60 days",
        example=Example(_TEN, 19.3, WORKED),
        **_RECEIVED,
    ),
    Kpi(
        code="complaint_decided_within_15_days_incidence",
        version="2",
        title="Complaints decided within 15 calendar days of receipt, open ones counted and withdrawals competing",
        measure=Incidence(RECEIPT_TO_DECISION, 15),
        unit="probability",
        direction=1,
        source=f"Aalen and Johansen (1978), Scand. J. Statist. 5; {ORDER_2020}: 15 days for simple complaints",
        definition="Share of complaints decided within 15 days of receipt; who withdraws is never decided.",
        formula="Σ S(t−) · decided / at risk, over t ≤ 15",
        example=Example(f"{_TEN}; withdrawn on days 4 and 9", 0.625, WORKED),
        **_RECEIVED,
    ),
)
