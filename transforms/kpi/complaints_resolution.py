"""The KPIs of resolving complaints: whether, whether in time, and after how many days."""

from functools import partial
from typing import Any

import polars as pl

from transforms.kpi.complaints import (
    ALONE,
    CASES,
    FAULTY,
    FAULTY_WORDS,
    NOT_WITHDRAWN,
    ORDER_2020,
    OWN_CASE,
    OWN_WORDS,
    TIMED,
    TWO_MONTHS,
)
from transforms.measures.case_measures import Share
from transforms.measures.curve_measures import Clock
from transforms.measures.definition import Exposure, Flow, Kpi
from transforms.measures.example import Example, rows
from transforms.measures.rates import PerExposure
from transforms.measures.turnaround import Turnaround
from transforms.settings import Settings

_HANDLED = Flow("core.complaints", "received_on", "closed_on", OWN_CASE & NOT_WITHDRAWN, excluded=FAULTY)
RECEIVED = Exposure("complaints_received", _HANDLED, "entered")
WORKABLE = Exposure("complaints_workable", _HANDLED, "at_risk")

_CLOSED: dict[str, Any] = {
    "fact": "core.complaints",
    "excluded": FAULTY,
    "dates": {"period": "closed_on"},
    "population": OWN_CASE & NOT_WITHDRAWN,
    "counts": f"{OWN_WORDS}, not withdrawn",
    "leaves_out": FAULTY_WORDS,
    "minimum": 20,
}

DECISION = Turnaround(
    clock=Clock("received_on", "decided_on", exits=("withdrawn_on",)),
    ended="decided",
    withdrawn_on="withdrawn_on",
    **TIMED,
)
ACCEPTANCE = Turnaround(
    clock=Clock("received_on", "accepted_on"),
    ended="accepted",
    **TIMED | {"dates": {"cohort": "received_on"}},
)
RESPONSE = Turnaround(
    clock=Clock("received_on", "responded_on", exits=("withdrawn_on",)),
    days="received_to_response_days",
    ended="answered",
    withdrawn_on="withdrawn_on",
    horizon_days=3,
    **TIMED | {"dates": {"cohort": "received_on"}},
)
CLOSING = Turnaround(
    clock=Clock("received_on", "closed_on"),
    days="received_to_closed_days",
    ended="closed",
    horizon_days=60,
    **TIMED,
)

SEVEN = partial(
    Example,
    given="limits of 15, 15, 30, 15, 15, 60 and 15 days, of the second ending on a Sunday; one open and late, one open "
    "and in time",
    every=ALONE,
    rows=rows("""
        received_on  due_on      decided_on  is_via_regulator
        2025-03-01   2025-03-17  2025-03-14  yes
        2025-03-01   2025-03-17  2025-03-17  yes
        2025-03-03   2025-04-02  2025-03-25  no
        2025-03-10   2025-03-25  -           no
        2025-03-20   2025-04-07  -           no
        2025-01-20   2025-03-31  2025-03-28  no
        2025-03-25   2025-04-09  2025-03-26  no
    """),
    period="2025-01/2025-03",
    as_of="2025-03-31",
)
FIVE = partial(
    Example,
    given="decided on days 13, 16 and 22; open for 21 days and for 11",
    every=ALONE,
    rows=rows("""
        received_on  decided_on
        2025-03-01   2025-03-14
        2025-03-01   2025-03-17
        2025-03-01   2025-03-23
        2025-03-10   -
        2025-03-20   -
    """),
    as_of="2025-03-31",
)
TEN_CLOSED = partial(
    Example,
    given="closed after 1, 2, 2, 3, 4, 5, 7, 9, 15 and 30 days",
    every=ALONE,
    rows=rows("""
        received_on  closed_on
        2025-03-03   2025-03-04
        2025-03-03   2025-03-05
        2025-03-03   2025-03-05
        2025-03-03   2025-03-06
        2025-03-03   2025-03-07
        2025-03-03   2025-03-08
        2025-03-03   2025-03-10
        2025-03-03   2025-03-12
        2025-03-03   2025-03-18
        2025-03-03   2025-04-02
    """),
)
# Of the decided alone the median is 5.
SEVEN_DECIDED_THREE_OPEN = rows("""
    received_on  decided_on
    2025-04-21   2025-04-23
    2025-04-21   2025-04-24
    2025-04-21   2025-04-24
    2025-04-21   2025-04-26
    2025-04-21   2025-04-29
    2025-04-21   2025-05-01
    2025-04-21   2025-05-03
    2025-05-25   -
    2025-05-16   -
    2025-03-22   -
""")
TEN = partial(
    Example,
    given="decided on days 2, 3, 3, 5, 8, 10 and 12; open for 6, 15 and 70 days",
    every=ALONE,
    rows=SEVEN_DECIDED_THREE_OPEN,
    period="2025-03/2025-05",
    as_of="2025-05-31",
)
TWO_WITHDRAWN = rows("""
    received_on  withdrawn_on
    2025-04-21   2025-04-25
    2025-04-21   2025-04-30
""")


def _limits(settings: Settings) -> dict[str, str]:
    """The definition of complaints on time under the limits in force."""
    rules = settings.complaints
    limits, days = rules.limit_days, "working days" if rules.counting == "business" else "calendar days"
    end = "; a due day on a rest day moves to the next other day" if rules.rolls_forward else ""
    none = f"are taken for {rules.unclassified}" if rules.unclassified else "have no limit and do not count"
    return {
        "definition": "Complaints decided by their due day, among those of which it is known: "
        f"{limits.simple} {days} after the start, {limits.complex} if complex, {limits.special} with an extension "
        f"approved and told in time, days of appraisal left out{end}. The start is the receipt, or that of new facts "
        f"that came in time or reopened the complaint; complaints without a class {none}."
    }


def _resolved_within(days: int, *, source: str, example: Example) -> Kpi:
    return DECISION.within_days(
        days,
        code=f"complaint_resolved_within_{days}_days_share",
        version="2",
        title=f"Complaints resolved within {days} days of receipt",
        horizon_days=days,
        source=source,
        definition=f"Complaints decided within {days} calendar days of receipt, among those of which it is "
        "known: open ones are late once older, undetermined before; calendar days without roll-forward.",
        example=example,
    )


FOUR_ANSWERED = partial(
    Example,
    given="answered on days 1, 3 and 4; received 5 days ago and not answered; withdrawn on day 1",
    every=ALONE,
    rows=rows("""
        received_on  responded_on  withdrawn_on
        2025-03-03   2025-03-04    -
        2025-03-03   2025-03-06    -
        2025-03-03   2025-03-07    -
        2025-03-26   -             -
        2025-03-26   -             2025-03-27
    """),
    as_of="2025-03-31",
)

KPIS: tuple[Kpi, ...] = (
    RESPONSE.median(
        code="complaint_first_response_days_median",
        title="Days from receipt of a complaint to the first response, median",
        source="First response to the complainant",
        definition="Median of the calendar days from the receipt to the first response, of complaints that have one.",
        example=FOUR_ANSWERED(value=3, denominator=3),
    ),
    RESPONSE.within_days(
        3,
        code="complaint_first_response_within_3_days_share",
        title="Complaints first answered within 3 days of receipt",
        source="First response to the complainant",
        definition="Complaints with a first response, or a decision before any, within 3 calendar days of receipt, "
        "among those of which it is known: unanswered ones are late once older.",
        example=FOUR_ANSWERED(value=2 / 4, numerator=2, denominator=4),
    ),
    Kpi(
        code="complaint_resolved_share",
        version="2",
        title="Complaints of the month resolved by the as-of date",
        measure=Share(of=pl.col("decided_on").is_not_null(), among=NOT_WITHDRAWN),
        needs=("closed_on=",),
        unit="share",
        direction=1,
        excluded=FAULTY,
        leaves_out=f"withdrawn complaints, on neither side; {FAULTY_WORDS}",
        dates={"cohort": "received_on"},
        horizon_days=60,
        minimum=20,
        source="Resolution rate (办结率) of the received cohort; withdrawn complaints are on neither side",
        definition="Complaints received in the month that were decided by the as-of date.",
        formula="decided / (received − withdrawn)",
        example=TWO_MONTHS(period="2025-01", value=0.9, numerator=90, denominator=100),
        **CASES,
    ),
    _resolved_within(
        14,
        source="Grievance redress in India (third-party copy)",
        example=Example(
            given="decided on days 13, 14 and 15; open on day 9",
            value=2 / 3,
            numerator=2,
            denominator=3,
            every=ALONE,
            rows=rows("""
                received_on  decided_on
                2025-03-03   2025-03-16
                2025-03-03   2025-03-17
                2025-03-03   2025-03-18
                2025-03-22   -
            """),
            as_of="2025-03-31",
        ),
    ),
    _resolved_within(
        15,
        source=f"{ORDER_2020}: 15 days for simple complaints",
        example=FIVE(value=1 / 4, numerator=1, denominator=4),
    ),
    _resolved_within(
        30,
        source=f"{ORDER_2020}: 30 days for complex complaints; RG 271 (Australia): 30 calendar days",
        example=FIVE(value=1.0, numerator=3, denominator=3),
    ),
    _resolved_within(
        56,
        source="FCA DISP 1.6.2R: final response by the end of 8 weeks",
        example=Example(
            given="decided on days 40, 56 and 57",
            value=2 / 3,
            numerator=2,
            denominator=3,
            every=ALONE,
            rows=rows("""
                received_on  decided_on
                2025-03-03   2025-04-12
                2025-03-03   2025-04-28
                2025-03-03   2025-04-29
            """),
        ),
    ),
    _resolved_within(
        60,
        source=f"{ORDER_2020}: 60 days with an approved extension",
        example=Example(
            given="decided on days 40 and 67",
            value=1 / 2,
            numerator=1,
            denominator=2,
            every=ALONE,
            rows=rows("""
                received_on  decided_on
                2025-03-03   2025-04-12
                2025-03-03   2025-05-09
            """),
        ),
    ),
    Kpi(
        code="complaint_closed_to_received_ratio",
        version="2",
        title="Complaints closed over complaints received in the month",
        measure=PerExposure(RECEIVED, is_share=False),
        unit="ratio",
        direction=1,
        for_index=False,
        source="Closed over received in the period, as bulletins print it; may exceed 1",
        definition="Complaints closed in the month over complaints received in it: unlike cases, may exceed 1.",
        formula="closed in the month / received in the month",
        example=TWO_MONTHS(period="2025-02", value=85 / 80, numerator=85, denominator=80),
        **_CLOSED,
    ),
    Kpi(
        code="complaint_clearance_share",
        version="2",
        title="Complaints closed among those open at the start of the month or received in it",
        measure=PerExposure(WORKABLE),
        unit="share",
        direction=1,
        source="Resolution of what was to be worked on; bounded by 1",
        definition="Complaints closed in the month among those open when it began and those received in it.",
        formula="closed in the month / (open at its start + received in it)",
        example=TWO_MONTHS(period="2025-02", value=85 / 120, numerator=85, denominator=120),
        **_CLOSED,
    ),
    DECISION.by_due_day(
        "due_on",
        code="complaint_on_time_share",
        version="3",
        title="Complaints decided on time by class (投诉件办理及时率)",
        horizon_days=75,
        switch="complaints.name",
        source=f"{ORDER_2020}: 15 days, 30 if complex, 60 with an extension approved and told in time; days of "
        "outside appraisal excluded, new facts restart the period; Civil Code of the PRC arts. 201 and 203",
        by_rules=_limits,
        example=SEVEN(value=5 / 6, numerator=5, denominator=6),
    ),
    DECISION.by_due_day(
        "due_on",
        code="regulator_complaint_on_time_share",
        version="3",
        title="Complaints transferred by the regulator decided on time (监管转办件办理及时率)",
        horizon_days=75,
        switch="complaints.name",
        source="CIRC complaint-handling appraisal (third-party copy), with the limits of complaints on time",
        by_rules=_limits,
        example=SEVEN(value=1.0, numerator=2, denominator=2),
        population=OWN_CASE & pl.col("is_via_regulator"),
        counts=f"{OWN_WORDS}, received and transferred by the regulator",
    ),
    DECISION.by_due_day(
        "third_business_day_on",
        code="complaint_decided_within_3_business_days_share",
        version="2",
        title="Complaints decided by the end of the third working day after receipt",
        horizon_days=14,
        source="By analogy to FCA DISP 1.5.1R",
        definition="Complaints decided by the third working day after the day of receipt.",
        example=Example(
            given="received on Friday, a make-up Sunday and the holidays of October ahead",
            value=1 / 2,
            numerator=1,
            denominator=2,
            every=ALONE,
            rows=rows("""
                received_on  third_business_day_on  decided_on
                2025-09-26   2025-09-30             2025-09-29
                2025-09-26   2025-09-30             2025-10-09
            """),
            period="2025-09",
        ),
    ),
    ACCEPTANCE.by_due_day(
        "third_business_day_on",
        code="complaint_accepted_within_3_business_days_share",
        version="2",
        title="Complaints whose resolution was accepted by the end of the third working day after receipt",
        horizon_days=14,
        source="FCA DISP 1.5.1R and 1.5.2AR: resolved once the complainant has indicated acceptance",
        definition="Complaints of which the complainant accepted the resolution by the third working day.",
        example=Example(
            given="received on Monday, accepted on Thursday and on Friday of the week",
            value=1 / 2,
            numerator=1,
            denominator=2,
            every=ALONE,
            rows=rows("""
                received_on  third_business_day_on  accepted_on
                2025-03-03   2025-03-06             2025-03-06
                2025-03-03   2025-03-06             2025-03-07
            """),
        ),
    ),
    CLOSING.median(
        code="complaint_received_to_closed_days_median",
        version="2",
        title="Days from receipt to closing of complaints, median",
        source="Time to resolve",
        definition="Median of the calendar days from receipt to closing, of closed complaints only.",
        example=TEN_CLOSED(value=4.5, denominator=10),
    ),
    CLOSING.p90(
        code="complaint_received_to_closed_days_p90",
        version="2",
        title="Days from receipt to closing of complaints, 90th percentile",
        source="Time to resolve",
        definition="90 % quantile of the calendar days from receipt to closing, of closed complaints only.",
        example=TEN_CLOSED(value=16.5, denominator=10),
    ),
    DECISION.km_median(
        code="complaint_received_to_decided_days_km_median",
        version="2",
        title="Days from receipt to the decision on complaints, median with open ones counted (Kaplan–Meier)",
        source=f"Kaplan and Meier (1958), JASA 53; {ORDER_2020} sets the limits",
        definition="Calendar days by which half of the complaints are decided and the decision communicated, open "
        "ones counted for as long as they have been open, as if nobody withdrew.",
        example=TEN(value=8, denominator=10),
    ),
    DECISION.restricted_mean(
        60,
        code="complaint_received_to_decided_days_restricted_mean",
        version="2",
        title="Days from receipt to the decision on complaints, counted up to 60, mean with open ones counted",
        source="Royston and Parmar (2013), BMC Medical Research Methodology 13, 152",
        definition="Mean calendar days to the decision, where a complaint counts for 60 at most and open ones are "
        "followed on, as if nobody withdrew.",
        example=TEN(value=19.3, denominator=10),
    ),
    DECISION.incidence(
        15,
        code="complaint_decided_within_15_days_incidence",
        version="2",
        title="Complaints decided within 15 calendar days of receipt, open ones counted and withdrawals competing",
        source=f"Aalen and Johansen (1978), Scand. J. Statist. 5; {ORDER_2020}: 15 days for simple complaints",
        definition="Share of complaints decided within 15 days of receipt; who withdraws is never decided.",
        example=TEN(
            given="decided on days 2, 3, 3, 5, 8, 10 and 12; open for 6, 15 and 70 days; withdrawn on days 4 and 9",
            rows=SEVEN_DECIDED_THREE_OPEN + TWO_WITHDRAWN,
            value=0.625,
            denominator=12,
        ),
    ),
)
