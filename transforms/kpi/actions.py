"""The KPIs of acting on what is seen: actions done when they were due, and days from feedback to an action.

Whether an action helped is no KPI but stands in `kpi.action_effects`, with what can be told apart from chance.
"""

from transforms.measures.case_measures import Deadline, Quantile
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows

KPIS = (
    Kpi(
        code="action_done_on_time_share",
        title="Actions done by the day they were due",
        fact="core.actions",
        measure=Deadline("opened_on", "done_on", due_on="due_on"),
        unit="share",
        direction=1,
        dates={"cohort": "due_on"},
        minimum=5,
        source="Follow-up of corrective actions (ISO 9001 10.2)",
        definition="Actions that were done on or before the day they were due, those that are overdue being late.",
        formula="met / (met + breach)",
        counts="actions that were due in the month",
        example=Example(
            given="done before it was due, on the day, and a day late; overdue; due today and open",
            rows=rows("""
                opened_on   due_on      done_on
                2025-01-10  2025-03-10  2025-02-20
                2025-01-10  2025-03-10  2025-03-10
                2025-01-10  2025-03-10  2025-03-11
                2025-02-01  2025-03-20  -
                2025-02-01  2025-03-31  -
            """),
            value=2 / 4,
            numerator=2,
            denominator=4,
            as_of="2025-03-31",
        ),
    ),
    Kpi(
        code="feedback_to_action_days_median",
        title="Days from feedback to the action that answers it, median",
        fact="core.actions",
        measure=Quantile("feedback_to_opened_days", 0.5),
        unit="days",
        direction=-1,
        dates={"cohort": "opened_on"},
        minimum=5,
        source="Time from insight to action, as programmes of customer experience count it",
        definition="Median of the days from the complaint or message that an action answers to the day it was opened.",
        formula="50 % quantile, Hyndman–Fan type 7",
        counts="actions opened in the month that answer a complaint or message",
        leaves_out="feedback that no action answers",
        example=Example(
            given="opened 4, 10 and 31 days after the complaint; one that answers none",
            every={"opened_on": "2025-03-10"},
            rows=rows("""
                feedback_to_opened_days
                                      4
                                     10
                                     31
                                      -
            """),
            value=10,
            denominator=3,
        ),
    ),
)
