"""core.actions: what is done about service, one row per action, with when it was due and done and what it answers.

Whether it changed its KPI is `transforms/kpi/action_effects.py`.
"""

from datetime import date

import polars as pl

from transforms.model import SEGMENT_COLUMNS, transform
from transforms.origins import Origins, item, passed_on

_FEEDBACK = item("actions.complaint_id") & item("complaints.received_on") | item("actions.text_id") & item(
    "texts.written_on"
)
ORIGINS: Origins = {
    **passed_on(
        "actions", "kind", "opened_on", "kpi", "due_on", "done_on", "target", "complaint_id", "text_id"
    ),
    "feedback_on": _FEEDBACK,
    "feedback_to_opened_days": _FEEDBACK,
}


@transform(
    writes="core.actions",
    reads={"actions": "staging.actions"},
    origins=lambda settings: ORIGINS,
    keys=("action_id",),
    grain=("action_id",),
    columns={
        "action_id": (pl.String, "The action."),
        "title": (pl.String, "What is done, in a few words."),
        "kind": (pl.String, "training, process, staffing or system."),
        "kpi": (pl.String, "Code of the KPI that it is to change; empty where none is named."),
        "basis": (pl.String, "Which months of the KPI: cohort, period or stock."),
        "cut": (pl.String, "What the segment is one of; company is the whole."),
        "segment": (pl.String, "Where it is done."),
        **SEGMENT_COLUMNS,
        "trigger": (pl.String, "What set it off, as delivered."),
        "owner": (pl.String, "The desk or role that answers for it."),
        "opened_on": (pl.Date, "Day it was decided on."),
        "due_on": (pl.Date, "Day by which it is to be done."),
        "done_on": (pl.Date, "Day it was done; empty while it is not."),
        "is_overdue": (pl.Boolean, "Not done, and the day by which it was to be done is over."),
        "target": (pl.Float64, "Value of the KPI that is aimed at."),
        "check_after_months": (pl.Int64, "Whole months after it was done with which it is to be judged."),
        "decision": (pl.String, "What was decided once it was checked."),
        "complaint_id": (pl.String, "The complaint that it answers."),
        "text_id": (pl.String, "The message or statement that it answers."),
        "feedback_on": (pl.Date, "Day of the feedback that it answers."),
        "feedback_to_opened_days": (
            pl.Int64,
            "Days from that feedback to the action; empty where the feedback is later or not known.",
        ),
    },
)
def actions(actions: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """One row per action decided on by the as-of day; what is said to be done later than that is not done yet."""
    days = (pl.col("opened_on") - pl.col("feedback_on")).dt.total_days()
    return (
        actions.filter(pl.col("opened_on") <= as_of)
        .with_columns(
            *(pl.col(segment).fill_null("unknown") for segment in SEGMENT_COLUMNS),
            done_on=pl.when(pl.col("done_on") <= as_of).then("done_on"),
            feedback_to_opened_days=pl.when(days >= 0).then(days),
        )
        .with_columns(is_overdue=pl.col("done_on").is_null() & (pl.col("due_on") < as_of).fill_null(False))
    )
