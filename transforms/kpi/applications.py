"""The KPIs of applying for insurance: given up or not, helped, decided how fast and by whom, issued, needs recorded.

What is owed to the policy afterwards is in `policy_service.py`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from transforms.measures.case_measures import Deadline, Quantile, Share, TermShare
from transforms.measures.curve_measures import Clock, OfAClock, SurvivalQuantile
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.vocabulary import Basis

FAULTY = pl.col("sequence_fault").is_not_null()
ONLINE = pl.col("service_channel").is_in(["app", "mini_program", "web"])
SUBMITTED = pl.col("submitted_on").is_not_null()
DECISION_DAYS = 30
RESCISSION_DAYS = 365

_APPLICATION: dict[str, Any] = {
    "fact": "core.applications",
    "excluded": FAULTY,
    "leaves_out": "submitted, decided or issued in an impossible order, or a wait longer than all it took",
    "minimum": 30,
}
_SHARE: dict[str, Any] = {**_APPLICATION, "unit": "share"}
_BY_DECISION: dict[Basis, str] = {"cohort": "submitted_on", "period": "decided_on"}
_DECIDED: dict[str, Any] = {
    **_APPLICATION,
    "direction": -1,
    "unit": "hours",
    "dates": _BY_DECISION,
    "horizon_days": DECISION_DAYS,
    "counts": "submitted applications that were decided",
    "source": "Underwriting time (formula ours): waits for the customer are not the insurer's",
}
UNDERWRITING = Clock("counted_from_at", "decided_at", exits=("withdrawn_at",), unit="hours")
_WAITING: dict[str, Any] = {
    **_DECIDED,
    "dates": {"cohort": "submitted_on"},
    "horizon_days": 0,
    "counts": "submitted applications",
    "source": "Kaplan and Meier 1958; open applications are counted for as long as they have been open",
}
SIX_DECIDED = partial(
    Example,
    given="submitted at noon: decided after 1, 2, 6 and 30 hours; after 54 hours of which 48 were spent waiting for "
    "the customer; open for 36 hours net of 48 such",
    every={"submitted_on": "2025-03-30"},
    rows=rows("""
        counted_from_at   decided_at        submit_to_decision_hours
        2025-03-30T12:00  2025-03-30T13:00                         1
        2025-03-30T12:00  2025-03-30T14:00                         2
        2025-03-30T12:00  2025-03-30T18:00                         6
        2025-03-30T12:00  2025-03-31T18:00                        30
        2025-03-30T12:00  2025-03-30T18:00                         6
        2025-03-30T12:00  -                                        -
    """),
    as_of="2025-03-31",
)


def _counted(measure: OfAClock, **own: Any) -> Kpi:
    """A statistic of the clock of underwriting that counts open applications."""
    return Kpi(measure=measure, **_WAITING, **own)


def _recorded(flag: str, *, example: Callable[..., Example], **own: Any) -> Kpi:
    """Of the applications that led to a policy, those of which something was recorded before the sale."""
    return Kpi(
        measure=Share(of=pl.col(flag), among=pl.col(flag).is_not_null()),
        direction=1,
        dates={"cohort": "issued_on"},
        counts="applications that led to a policy, by the day of issue",
        example=example(every={"issued_on": "2025-03-10"}),
        **own,
        **_SHARE,
    )


SUBMISSION = (
    Kpi(
        code="application_abandoned_share",
        title="Online applications not submitted within 24 hours of the start",
        measure=TermShare("submission_state", "breach"),
        direction=-1,
        population=ONLINE,
        dates={"cohort": "started_on"},
        horizon_days=1,
        source="Abandonment of online applications (formula ours)",
        definition="Applications in app, mini program or web that were started and not submitted in 24 hours, among "
        "those of which it is known.",
        formula="not submitted in 24 hours / (submitted in 24 hours + not)",
        counts="applications in app, mini program or web by the day of the start",
        example=Example(
            "of 40 started 30 submitted within 24 hours, 2 later, 6 never, 2 begun today",
            value=8 / 38,
            numerator=8,
            denominator=38,
            every={"service_channel": "app", "started_on": "2025-03-10"},
            rows=rows("""
                cases  submission_state
                   30  met
                    8  breach
                    2  undetermined
            """),
        ),
        **_SHARE,
    ),
    Kpi(
        code="application_assisted_share",
        title="Submitted applications that somebody helped with",
        measure=Share(of=pl.col("is_assisted"), among=SUBMITTED & pl.col("is_assisted").is_not_null()),
        direction=0,
        dates={"cohort": "submitted_on"},
        source="Help for who does not apply alone; neither much nor little of it is good",
        definition="Submitted applications that somebody helped the customer with, among those of which it is known.",
        formula="helped / submitted",
        counts="submitted applications",
        example=Example(
            "of 50 submitted applications 15 were helped with",
            value=0.3,
            numerator=15,
            denominator=50,
            every={"submitted_on": "2025-03-10"},
            rows=rows("""
                cases  is_assisted
                   15  yes
                   35  no
            """),
        ),
        **_SHARE,
    ),
    _recorded(
        "is_needs_recorded",
        code="needs_recorded_share",
        title="Policies sold after the customer's needs were recorded",
        source="Needs analysis before the sale (formula ours)",
        definition="Applications that led to a policy and before which the customer's needs were recorded, among those "
        "of which it is known.",
        formula="with needs recorded / issued",
        example=partial(
            Example,
            "of 50 policies issued the needs were recorded of 42",
            value=0.84,
            numerator=42,
            denominator=50,
            rows=rows("""
                cases  is_needs_recorded
                   42  yes
                    8  no
            """),
        ),
    ),
    _recorded(
        "is_sale_recorded",
        code="sale_recorded_share",
        title="Policies whose sale was recorded in sound or picture (双录)",
        source="Recording of sales (双录); whether the recordings are good is recording_defect_share",
        definition="Applications that led to a policy and whose sale was recorded, among those of which it is known; "
        "empty where none has to be.",
        formula="with a recorded sale / issued",
        example=partial(
            Example,
            "of 50 policies issued the sale was recorded of 45; of two more none had to be",
            value=0.9,
            numerator=45,
            denominator=50,
            rows=rows("""
                cases  is_sale_recorded
                   45  yes
                    5  no
                    2  -
            """),
        ),
    ),
)

DECISION = (
    Kpi(
        code="application_submit_to_decision_hours_median",
        title="Hours from submission to the underwriting decision, median",
        measure=Quantile("submit_to_decision_hours", 0.5),
        definition="Median of the hours from the submission to the decision, without those of waiting for the "
        "customer, of decided applications only.",
        formula="50 % quantile, Hyndman–Fan type 7",
        example=SIX_DECIDED(value=6, denominator=5),
        **_DECIDED,
    ),
    Kpi(
        code="application_submit_to_decision_hours_p90",
        title="Hours from submission to the underwriting decision, 90th percentile",
        measure=Quantile("submit_to_decision_hours", 0.9),
        definition="Hours from the submission to the decision, without those of waiting for the customer, that nine in "
        "ten decided applications do not exceed.",
        formula="90 % quantile, Hyndman–Fan type 7",
        example=SIX_DECIDED(value=20.4, denominator=5),
        **_DECIDED,
    ),
    _counted(
        SurvivalQuantile(UNDERWRITING, 0.5),
        code="application_submit_to_decision_hours_km_median",
        title="Hours from submission to the underwriting decision, median with open applications counted",
        definition="Hours by which half of the applications are decided, open ones counted, waits for the customer "
        "left out, had nobody withdrawn.",
        formula="least t with S(t) ≤ 0.5, S(t) = Π (1 − decided / at risk)",
        example=SIX_DECIDED(value=6, denominator=6),
    ),
    _counted(
        SurvivalQuantile(UNDERWRITING, 0.9),
        code="application_submit_to_decision_hours_km_p90",
        title="Hours from submission to the underwriting decision, 90th percentile with open applications counted",
        definition="Hours by which nine in ten applications are decided, open ones counted, waits for the customer "
        "left out, had nobody withdrawn.",
        formula="least t with S(t) ≤ 0.1, S(t) = Π (1 − decided / at risk)",
        example=Example(
            "decided after 1 to 9 hours, one each; open for 5 hours",
            value=9,
            denominator=10,
            every={"submitted_on": "2025-03-31"},
            rows=rows("""
                counted_from_at   decided_at
                2025-03-31T12:00  2025-03-31T13:00
                2025-03-31T12:00  2025-03-31T14:00
                2025-03-31T12:00  2025-03-31T15:00
                2025-03-31T12:00  2025-03-31T16:00
                2025-03-31T12:00  2025-03-31T17:00
                2025-03-31T12:00  2025-03-31T18:00
                2025-03-31T12:00  2025-03-31T19:00
                2025-03-31T12:00  2025-03-31T20:00
                2025-03-31T12:00  2025-03-31T21:00
                2025-03-31T19:00  -
            """),
            as_of="2025-03-31",
        ),
    ),
    Kpi(
        code="application_decided_by_system_share",
        title="Applications decided without human touch among those decided",
        measure=Share(of=pl.col("is_decided_by_system"), among=pl.col("is_decided_by_system").is_not_null()),
        direction=1,
        dates=_BY_DECISION,
        horizon_days=DECISION_DAYS,
        source="Straight-through underwriting; read with the share of such policies that is rescinded later",
        definition="Applications that the system decided alone among those of which it is known who decided.",
        formula="decided by the system / decided",
        counts="decided applications",
        example=Example(
            "of 80 decided applications the system decided 60",
            value=0.75,
            numerator=60,
            denominator=80,
            every={"submitted_on": "2025-03-10", "decided_on": "2025-03-10"},
            rows=rows("""
                cases  is_decided_by_system
                   60  yes
                   20  no
            """),
        ),
        **_SHARE,
    ),
    Kpi(
        code="application_decided_by_system_rescinded_share",
        title="Policies accepted by the system alone that were rescinded within a year of issue",
        fact="core.applications",
        measure=Deadline("issued_on", "rescinded_on", RESCISSION_DAYS),
        unit="share",
        direction=-1,
        population=pl.col("is_decided_by_system"),
        excluded=FAULTY,
        leaves_out=_APPLICATION["leaves_out"],
        dates={"cohort": "issued_on"},
        horizon_days=RESCISSION_DAYS,
        minimum=50,
        source="Guard of straight-through underwriting: what was let through and should not have been",
        definition="Policies that the system accepted alone and that the insurer rescinded within 365 days of issue.",
        formula="rescinded within a year / (rescinded within a year + not)",
        counts="policies that the system accepted alone, by the day of issue",
        seldom="Few insurers tell a rescission from other ends of a contract; the simulated one rescinds none, and so "
        "records no such event.",
        example=Example(
            "of 200 policies 3 were rescinded within a year, 1 later",
            value=3 / 200,
            numerator=3,
            denominator=200,
            every={"issued_on": "2024-03-10", "is_decided_by_system": "yes"},
            rows=rows("""
                cases  rescinded_on
                    3  2024-09-01
                    1  2025-06-01
                  196  -
            """),
            period="2024-03",
        ),
    ),
    Kpi(
        code="application_submit_to_issue_minutes_median",
        title="Minutes from submission to the issue of the policy, median",
        measure=Quantile("submit_to_issue_minutes", 0.5),
        unit="minutes",
        direction=-1,
        dates={"cohort": "submitted_on", "period": "issued_on"},
        horizon_days=DECISION_DAYS,
        source="Submission to issue (formula ours); waits for the customer are in it, as the customer sees them",
        definition="Median of the minutes from the submission to the issue, of applications that led to a policy.",
        formula="50 % quantile, Hyndman–Fan type 7",
        counts="applications that led to a policy",
        example=Example(
            "issued after 5, 12 and 900 minutes; one not yet",
            value=12,
            denominator=3,
            every={"submitted_on": "2025-03-10"},
            rows=rows("""
                submit_to_issue_minutes
                                      5
                                     12
                                    900
                                      -
            """),
        ),
        **_APPLICATION,
    ),
)

KPIS = (*SUBMISSION, *DECISION)
