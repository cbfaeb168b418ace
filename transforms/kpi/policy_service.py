"""The KPIs of serving a policy: delivered, called back, reminded, altered, objections resolved.

Services beyond the insurance itself are in `added_services.py`.
"""

from functools import partial
from typing import Any

import polars as pl

from transforms.measures.case_measures import Deadline, Share
from transforms.measures.curve_measures import Clock
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.measures.turnaround import Turnaround
from transforms.settings import ServiceSettings, Settings

FAULTY = pl.col("sequence_fault").is_not_null()
FAULTY_WORDS = "completed or started before ordered"
EVALUATION = "CIRC service evaluation 2015"
OURS = "(name published, formula ours)"
NOT_CANCELLED = pl.col("cancelled_on").is_null()
# The most calendar days that so many working days take, a long holiday included.
HOLIDAYS_DAYS = 12
CALLBACK_DAYS = 30
REMINDED_DAYS_BEFORE = 7
HANDLING_DAYS = 30


def of_kind(kind: str, *, minimum: int = 30) -> dict[str, Any]:
    """What an entry says that counts the orders of a kind."""
    return {
        "fact": "core.service_orders",
        "population": pl.col("kind") == kind,
        "excluded": FAULTY,
        "leaves_out": FAULTY_WORDS,
        "minimum": minimum,
    }


def _delivery_limit(settings: Settings) -> dict[str, Any]:
    """What follows from the limit of delivery in force."""
    rules = settings.service
    business = rules.delivery_counting == "business"
    days = f"{rules.delivery_days} {'working days' if business else 'days'}"
    longest = rules.delivery_days * 7 // 5 + HOLIDAYS_DAYS if business else rules.delivery_days
    return {
        "title": f"Policies that reached the customer within {days} of issue (保单送达率)",
        "definition": f"Policies that the customer received or opened within {days} after the issue, among those of "
        "which it is known: those not delivered are late once older, undetermined before. A period has those whose "
        "last day fell in it, so that all of them are known when it ends.",
        "horizon_days": longest,
        **({"switch": "service.delivery_name"} if rules != ServiceSettings() else {}),
    }


def _free_look(settings: Settings) -> dict[str, Any]:
    """What follows from the free look where policies say none."""
    rules = settings.service
    return {
        "definition": "Policies of more than a year whose buyer was reached by a call-back by the end of the free "
        "look, among those of which it is known; a period has those whose free look ended in it. The free look is "
        f"that of the policy, else of {rules.free_look_days} days; it begins with the receipt of the policy, or with "
        "its issue where no receipt is recorded. Policies cancelled before a call stay in.",
        **({"switch": "service.free_look_name"} if rules.free_look_name else {}),
    }


DELIVERY = (
    Kpi(
        code="policy_delivered_within_15_days_share",
        title="",
        fact="core.new_policies",
        measure=Deadline("issued_on", "delivered_on", due_on="delivery_due_on"),
        unit="share",
        direction=1,
        dates={"cohort": "issued_on", "period": "delivery_due_on"},
        population=pl.col("is_to_be_delivered"),
        minimum=30,
        source=f"{EVALUATION}: 保单送达率 {OURS}; a third-party copy says 10 working days",
        formula="in time / (in time + late)",
        counts="policies by the month of issue, or of the last day in time; those left out whose deliveries were all "
        "called off",
        by_rules=_delivery_limit,
        example=Example(
            "delivered on days 3, 15 and 16 after the issue; not delivered for 28 days and for 11",
            value=2 / 4,
            numerator=2,
            denominator=4,
            every={"is_to_be_delivered": "yes"},
            rows=rows("""
                issued_on   delivery_due_on  delivered_on
                2025-03-03  2025-03-18       2025-03-06
                2025-03-03  2025-03-18       2025-03-18
                2025-03-03  2025-03-18       2025-03-19
                2025-03-03  2025-03-18       -
                2025-03-20  2025-04-04       -
            """),
            as_of="2025-03-31",
        ),
    ),
    Kpi(
        code="policy_delivery_failed_share",
        title="Deliveries of policies that failed",
        measure=Share(of=pl.col("outcome") == "failed", among=pl.col("outcome").is_in(["done", "failed"])),
        unit="share",
        direction=-1,
        dates={"cohort": "ordered_on", "period": "completed_on"},
        horizon_days=HANDLING_DAYS,
        source="The reasons stand beside each delivery in core.service_orders",
        definition="Deliveries that reached nobody among those that ended, each attempt a delivery of its own.",
        formula="failed / (received + failed)",
        counts="deliveries of policies, those called off left out",
        example=Example(
            "of 60 deliveries 55 received, 3 failed, 1 called off, 1 under way",
            value=3 / 58,
            numerator=3,
            denominator=58,
            every={"kind": "delivery", "ordered_on": "2025-03-03"},
            rows=rows("""
                cases  completed_on  outcome
                   55  2025-03-06    done
                    3  2025-03-06    failed
                    1  2025-03-06    cancelled
                    1  -             -
            """),
        ),
        **of_kind("delivery"),
    ),
)

CALLBACK = (
    Kpi(
        code="callback_success_share",
        title="Buyers reached by a call-back within the free look (电话回访成功率)",
        fact="core.new_policies",
        measure=Deadline("issued_on", "called_back_on", due_on="callback_due_on"),
        unit="share",
        direction=1,
        dates={"cohort": "issued_on", "period": "callback_due_on"},
        population=pl.col("is_to_be_called_back"),
        horizon_days=CALLBACK_DAYS,
        minimum=30,
        source=f"{EVALUATION}: 电话回访成功率 {OURS}; long policies are called back within the free look",
        formula="reached in time / (reached in time + not)",
        counts="policies of more than a year by the month of issue, or of the last day of the free look",
        by_rules=_free_look,
        example=Example(
            "free looks that end 15 days after the receipt: reached on their last day, reached a day late, never "
            "reached, and not yet",
            value=1 / 3,
            numerator=1,
            denominator=3,
            every={"is_to_be_called_back": "yes"},
            rows=rows("""
                issued_on   delivered_on  callback_due_on  called_back_on
                2025-03-03  2025-03-07    2025-03-22       2025-03-22
                2025-03-03  2025-03-07    2025-03-22       2025-03-23
                2025-03-03  2025-03-07    2025-03-22       -
                2025-03-20  2025-03-25    2025-04-09       -
            """),
            as_of="2025-03-31",
        ),
    ),
    Kpi(
        code="callback_problem_found_share",
        title="Call-backs that found a problem with the sale",
        measure=Share(
            of=pl.col("is_problem_found"),
            among=pl.col("is_problem_found").is_not_null() & pl.col("done_on").is_not_null(),
        ),
        unit="share",
        direction=-1,
        dates={"cohort": "ordered_on", "period": "done_on"},
        horizon_days=CALLBACK_DAYS,
        source="Call-backs ask whether the buyer knows terms, premiums and free look",
        definition="Call-backs that found a problem among those that reached the buyer and of which it is known.",
        formula="with a problem / reached",
        counts="call-backs that reached the buyer",
        example=Example(
            "of 60 call-backs 50 reached the buyer and 2 of these found a problem",
            value=2 / 50,
            numerator=2,
            denominator=50,
            every={"kind": "callback", "ordered_on": "2025-03-03"},
            rows=rows("""
                cases  done_on     is_problem_found
                   48  2025-03-06  no
                    2  2025-03-06  yes
                   10  -           -
            """),
        ),
        **of_kind("callback"),
    ),
)

REMINDER = (
    Kpi(
        code="premium_reminded_7_days_before_share",
        title="Instalments of which the customer was reminded a week or more before they fell due",
        fact="core.instalments_due",
        measure=Share(
            of=pl.col("reminded_before_days") >= REMINDED_DAYS_BEFORE, among=pl.col("due_on").is_not_null()
        ),
        unit="share",
        direction=1,
        dates={"cohort": "due_on"},
        minimum=100,
        source="Payment reminders in the stage map of service (formula ours)",
        definition="Instalments of which a reminder reached the customer 7 days or more before the due day, among all "
        "that fell due after the first, whether paid or not.",
        formula="reminded 7 days or more before / fell due",
        counts="instalments after the first, by the month of the due day",
        example=Example(
            "four instalments: reminded 20, 7 and 6 days before; not at all",
            value=2 / 4,
            numerator=2,
            denominator=4,
            every={"due_on": "2025-03-25"},
            rows=rows("""
                reminded_on  reminded_before_days
                2025-03-05                     20
                2025-03-18                      7
                2025-03-19                      6
                -                               -
            """),
        ),
    ),
)

_ALTERATION = of_kind("alteration")
HANDLED = Turnaround(
    clock=Clock("ordered_on", "done_on", exits=("left_on",)),
    days="ordered_to_done_days",
    ended="completed",
    withdrawn_on="left_on",
    dates={"cohort": "ordered_on", "period": "done_on"},
    horizon_days=HANDLING_DAYS,
    counts="changes to contracts that people make; those that the system makes at once stand apart",
    **_ALTERATION | {"population": _ALTERATION["population"] & ~pl.col("is_instant")},
)
FOUR_ALTERED = partial(
    Example,
    given="completed on days 1, 2, 4 and 9; declined on day 2; open for 21 days",
    every={"kind": "alteration", "is_instant": "no"},
    rows=rows("""
        ordered_on  done_on     left_on
        2025-03-10  2025-03-11  -
        2025-03-10  2025-03-12  -
        2025-03-10  2025-03-14  -
        2025-03-10  2025-03-19  -
        2025-03-10  -           2025-03-12
        2025-03-10  -           -
    """),
    as_of="2025-03-31",
)
_SERVICING = f"{EVALUATION}: 保全时效 {OURS}"
_OPEN_COUNTED = "Kaplan and Meier 1958; open requests are counted for as long as they have been open"

ALTERATION = (
    HANDLED.mean(
        code="policy_alteration_request_to_completion_days_mean",
        title="Days from request to completion of changes to contracts (保全时效), mean",
        source=_SERVICING,
        definition="Mean of the calendar days from the request to its completion, of completed ones only.",
        example=FOUR_ALTERED(value=4, numerator=16, denominator=4),
    ),
    HANDLED.p90(
        code="policy_alteration_request_to_completion_days_p90",
        title="Days from request to completion of changes to contracts, 90th percentile",
        source=_SERVICING,
        definition="Calendar days from the request to its completion that nine in ten completed ones do not exceed.",
        example=FOUR_ALTERED(value=7.5, denominator=4),
    ),
    HANDLED.km_median(
        code="policy_alteration_request_to_completion_days_km_median",
        title="Days from request to completion of changes to contracts, median with open requests counted",
        source=_OPEN_COUNTED,
        definition="Days by which half of the requests are completed, open ones counted, had those declined or called "
        "off gone on.",
        example=FOUR_ALTERED(value=4, denominator=6),
    ),
    HANDLED.restricted_mean(
        HANDLING_DAYS,
        code="policy_alteration_request_to_completion_days_restricted_mean",
        title="Days from request to completion of changes to contracts, counted up to 30, open requests counted",
        source="Royston and Parmar 2013: comparable across months while the mean of completed ones is not",
        definition="Mean days to the completion, where a request counts for 30 at most and open ones are followed on.",
        example=Example(
            "completed on days 2, 4 and 30; open for 31 days",
            value=(2 + 4 + 30 + 30) / 4,
            denominator=4,
            every={"kind": "alteration", "is_instant": "no"},
            rows=rows("""
                ordered_on  done_on
                2025-03-03  2025-03-05
                2025-03-03  2025-03-07
                2025-03-03  2025-04-02
                2025-03-03  -
            """),
            as_of="2025-04-03",
        ),
    ),
    Kpi(
        code="policy_alteration_instant_share",
        title="Changes to contracts that the system makes at once",
        measure=Share(of=pl.col("is_instant"), among=pl.col("done_on").is_not_null()),
        unit="share",
        direction=1,
        dates={"cohort": "ordered_on", "period": "done_on"},
        horizon_days=HANDLING_DAYS,
        source="Self-service; such changes are left out of the days that people take",
        definition="Changes completed within a minute of the request among those completed.",
        formula="within a minute / completed",
        counts="completed changes to contracts",
        example=Example(
            "of 50 completed changes the system made 20 at once",
            value=0.4,
            numerator=20,
            denominator=50,
            every={"kind": "alteration", "ordered_on": "2025-03-10", "done_on": "2025-03-10"},
            rows=rows("""
                cases  is_instant
                   20  yes
                   30  no
            """),
        ),
        **_ALTERATION,
    ),
)

OBJECTION = (
    Kpi(
        code="enquiry_objection_resolved_share",
        title="Objections to policies and claims resolved (承保理赔查询异议处理率)",
        measure=Share(of=pl.col("done_on").is_not_null(), among=NOT_CANCELLED),
        needs=("completed_on=",),
        unit="share",
        direction=1,
        dates={"cohort": "ordered_on", "period": "completed_on"},
        horizon_days=HANDLING_DAYS,
        source=f"{EVALUATION}: 承保理赔查询异议处理率 {OURS}",
        definition="Objections of the month that were resolved by the as-of date; a period has those that ended in it, "
        "one way or the other. Those that customers took back are on neither side.",
        formula="resolved / (received, or ended − taken back)",
        counts="objections by the month of receipt, or of their end",
        example=Example(
            "of 50 objections 46 resolved, 2 decided against the customer, 1 still open, 1 taken back",
            value=46 / 49,
            numerator=46,
            denominator=49,
            every={"kind": "objection", "ordered_on": "2025-03-10"},
            rows=rows("""
                cases  done_on     cancelled_on
                   46  2025-03-14  -
                    3  -           -
                    1  -           2025-03-12
            """),
        ),
        **of_kind("objection", minimum=20),
    ),
)

KPIS = (*DELIVERY, *CALLBACK, *REMINDER, *ALTERATION, *OBJECTION)
