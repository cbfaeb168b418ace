"""core.survey_invitations: whom a survey asked and what came of it, one row per invitation.

Rates of response and participation are KPIs; who kept silent is compared in `core.survey_nonresponse`.
"""

import polars as pl

from transforms.facts.survey_answers import WAVE, WAVE_COLUMNS
from transforms.model import SEGMENT_COLUMNS, SERVICE_CHANNEL, transform
from transforms.origins import ALWAYS, Origins, codes_of, passed_on

# One invitation a customer and quarter: who is asked more often answers less.
REST_DAYS = 90

_frame, _disposition = codes_of("survey_invitations.frame"), codes_of("survey_invitations.disposition")
ORIGINS: Origins = {
    **passed_on("survey_invitations", "invited_on", "disposition"),
    "is_listed=true": _frame("list", ""),
    "is_listed=false": _frame("popup"),
    "is_eligible": ALWAYS,
    "is_complete=true": _disposition("complete"),
    "is_complete=false": _disposition("partial", "refused", "not_contacted", "other", "unknown"),
}


@transform(
    writes="core.survey_invitations",
    reads={"invitations": "staging.survey_invitations"},
    known_on={"invitations": "invited_on"},
    origins=lambda settings: ORIGINS,
    keys=("customer_id",),
    grain=(*WAVE, "invitation_id"),
    columns={
        **WAVE_COLUMNS,
        "invitation_id": (pl.String, "The invitation."),
        "invited_on": (pl.Date, "Day of the invitation."),
        "stage": (pl.String, "Stage of the customer's journey asked about, else unknown."),
        **SEGMENT_COLUMNS,
        **SERVICE_CHANNEL,
        "mode": (pl.String, "How the customer was asked: app, web, phone, paper or in_person, else unknown."),
        "customer_id": (pl.String, "Pseudonym of who was invited."),
        "policy_id": (pl.String, "The policy asked about."),
        "claim_id": (pl.String, "The claim asked about."),
        "complaint_id": (pl.String, "The complaint asked about."),
        "response_id": (pl.String, "The filled questionnaire, if there is one."),
        "is_listed": (pl.Boolean, "Drawn from a list of customers; false for a pop-up, which has no frame."),
        "is_eligible": (pl.Boolean, "Eligible, or not known not to be: counts in the rate."),
        "is_complete": (pl.Boolean, "Came back complete."),
        "disposition": (
            pl.String,
            "complete, partial, refused, not_contacted, other, unknown or not_eligible.",
        ),
        "is_too_soon": (pl.Boolean, "The customer had another invitation in the 90 days before."),
    },
)
def survey_invitations(invitations: pl.LazyFrame) -> pl.LazyFrame:
    """One row per invitation sent by the as-of day: whom it went to, about what, and what came of it."""
    before = (
        pl.col("invited_on").shift(1).over("customer_id", "frame", order_by=["invited_on", "invitation_id"])
    )
    soon = (pl.col("invited_on") - before).dt.total_days() < REST_DAYS
    listed = pl.col("frame") == "list"
    return invitations.with_columns(
        pl.col("stage", "mode", *SEGMENT_COLUMNS, *SERVICE_CHANNEL).fill_null("unknown"),
        is_listed=listed,
        is_eligible=pl.col("disposition") != "not_eligible",
        is_complete=pl.col("disposition") == "complete",
        is_too_soon=(listed & pl.col("customer_id").is_not_null() & soon).fill_null(False),
    )
