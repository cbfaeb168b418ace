"""The KPIs of services beyond the insurance itself: value-added services used, waited for and liked, roadside help.

What is owed to every policy is in `policy_service.py`.
"""

from functools import partial
from typing import Any

import polars as pl

from transforms.kpi.policy_service import of_kind
from transforms.measures.case_measures import Quantile, Share, TermShare
from transforms.measures.curve_measures import Clock
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.measures.turnaround import Turnaround

SATISFIED_FROM = 4
WAIT_DAYS = 30
_VALUE_ADDED: dict[str, Any] = of_kind("value_added")
_ROADSIDE: dict[str, Any] = of_kind("roadside", minimum=20)

WAIT = Turnaround(
    clock=Clock("ordered_on", "started_on", exits=("left_on",)),
    days="ordered_to_started_days",
    ended="begun",
    withdrawn_on="left_on",
    dates={"cohort": "ordered_on", "period": "started_on"},
    horizon_days=WAIT_DAYS,
    counts="orders of value-added services",
    **_VALUE_ADDED,
)
FIVE_WAITED = partial(
    Example,
    given="begun on days 1, 3 and 5; called off on day 2; waiting for 20 days",
    every={"kind": "value_added"},
    rows=rows("""
        ordered_on  started_on  left_on
        2025-03-11  2025-03-12  -
        2025-03-11  2025-03-14  -
        2025-03-11  2025-03-16  -
        2025-03-11  -           2025-03-13
        2025-03-11  -           -
    """),
    as_of="2025-03-31",
)

VALUE_ADDED = (
    Kpi(
        code="value_added_used_share",
        title="Customers who used a value-added service in a year (增值服务使用率)",
        fact="core.value_added_years",
        measure=Share(of=pl.col("is_used"), among=pl.col("ends_on").is_not_null()),
        unit="share",
        direction=1,
        dates={"period": "ends_on"},
        minimum=50,
        source="Customers entitled with one fulfilled order or more in 12 months (formula ours)",
        definition="Customers for whom a value-added service was done in the twelve months since an anniversary of "
        "their first policy, among those with a policy in force on that day.",
        formula="customers with a service done / customers with a policy in force",
        counts="customers by the month in which their year as a customer ended",
        example=Example(
            "of 80 customers whose year ended 12 had used a service",
            value=12 / 80,
            numerator=12,
            denominator=80,
            every={"starts_on": "2024-03-11", "ends_on": "2025-03-10"},
            rows=rows("""
                cases  is_used
                   12  yes
                   68  no
            """),
        ),
    ),
    WAIT.median(
        code="value_added_wait_days_median",
        title="Days from the order of a value-added service to its beginning, median",
        source="Waiting for services beyond the insurance itself",
        definition="Median of the calendar days from the order to the beginning of the service, or to its end where no "
        "beginning is recorded, of services that have begun.",
        example=FIVE_WAITED(value=3, denominator=3),
    ),
    WAIT.km_median(
        code="value_added_wait_days_km_median",
        title="Days from the order of a value-added service to its beginning, median with waiting customers counted",
        source="Kaplan and Meier 1958; who waits is counted for as long as the wait has lasted",
        definition="Days by which half of the services ordered have begun, waiting customers counted, had nobody "
        "called off.",
        example=FIVE_WAITED(value=5, denominator=5),
    ),
    Kpi(
        code="value_added_satisfied_share",
        title="Value-added services with which the customer was satisfied",
        measure=Share(of=pl.col("rating") >= SATISFIED_FROM, among=pl.col("rating").is_not_null()),
        unit="share",
        direction=1,
        dates={"period": "done_on"},
        source="Ratings right after the service; who rates is no sample of all",
        definition="Services rated 4 or 5 of 5 among those rated.",
        formula="rated 4 or 5 / rated",
        counts="value-added services done and rated",
        example=Example(
            "rated 5 twenty times, 4 ten times, 3 six times, not rated forty times",
            value=30 / 36,
            numerator=30,
            denominator=36,
            every={"kind": "value_added", "done_on": "2025-03-10"},
            rows=rows("""
                cases  rating
                   20       5
                   10       4
                    6       3
                   40       -
            """),
        ),
        **_VALUE_ADDED,
    ),
)

ROADSIDE = (
    Kpi(
        code="roadside_arrived_on_time_share",
        title="Roadside help that arrived when it was promised",
        measure=TermShare("due_state", "met"),
        unit="share",
        direction=1,
        dates={"cohort": "ordered_on"},
        horizon_days=1,
        source="The promise of each order; partners stand beside it in core.service_orders",
        definition="Orders of roadside help that arrived by the promised moment, among those of which it is known.",
        formula="in time / (in time + late or never)",
        counts="orders of roadside help with a promise",
        example=Example(
            "in time 18 times, late 4 times, never 1 time, called off before the promised moment 2 times",
            value=18 / 23,
            numerator=18,
            denominator=23,
            every={"kind": "roadside", "ordered_on": "2025-03-10"},
            rows=rows("""
                cases  due_state
                   18  met
                    5  breach
                    2  undetermined
            """),
        ),
        **_ROADSIDE,
    ),
    Kpi(
        code="roadside_order_to_arrival_minutes_median",
        title="Minutes from the call for roadside help to its arrival, median",
        measure=Quantile("ordered_to_started_minutes", 0.5),
        unit="minutes",
        direction=-1,
        dates={"cohort": "ordered_on"},
        horizon_days=1,
        source="Dispatch to arrival, by partner where the project cuts by it",
        definition="Median of the minutes from the order to the arrival, of help that has arrived.",
        formula="50 % quantile, Hyndman–Fan type 7",
        counts="roadside help that has arrived",
        example=Example(
            "arrived after 25, 40 and 70 minutes; one on the way",
            value=40,
            denominator=3,
            every={"kind": "roadside", "ordered_on": "2025-03-10"},
            rows=rows("""
                ordered_to_started_minutes
                                        25
                                        40
                                        70
                                         -
            """),
        ),
        **_ROADSIDE,
    ),
)

KPIS = (*VALUE_ADDED, *ROADSIDE)
