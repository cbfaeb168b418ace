"""The KPIs of serving a policy: delivered, called back, reminded, altered, objections resolved.

Services beyond the insurance itself are in `added_services.py`.
"""

from typing import Any

import polars as pl

from transforms.measures.case_measures import Deadline, Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
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
        "definition": f"Policies issued in the month that the customer received or opened within {days} after the "
        "issue, among those of which it is known: those not delivered are late once older, undetermined before.",
        "horizon_days": longest,
        **({"switch": "service.delivery_name"} if rules != ServiceSettings() else {}),
    }


def _free_look(settings: Settings) -> dict[str, Any]:
    """What follows from the free look where policies say none."""
    rules = settings.service
    return {
        "definition": "Policies of more than a year issued in the month whose buyer was reached by a call-back by the "
        "end of the free look, among those of which it is known. The free look is that of the policy, else of "
        f"{rules.free_look_days} days; it begins with the receipt of the policy, or with its issue where no receipt "
        "is recorded. Policies cancelled before a call stay in.",
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
        dates={"cohort": "issued_on"},
        population=pl.col("is_to_be_delivered"),
        minimum=30,
        source=f"{EVALUATION}: 保单送达率 {OURS}; a third-party copy says 10 working days",
        formula="in time / (in time + late)",
        counts="policies by the month of issue, those left out whose deliveries were all called off",
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

KPIS = (*DELIVERY,)
