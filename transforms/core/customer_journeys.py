"""core.customer_journeys: what customers went through step by step, one row per customer, journey and step.

How long steps take and how they are perceived month by month is in `marts.journey_stages`; made only where the project
asks for it.
"""

import polars as pl

from transforms.facts.survey_answers import DECIMALS
from transforms.model import SEGMENT_COLUMNS, transform
from transforms.vocabulary import CASES

# Each journey: its fact, the column that names a case, its stage of the survey, and its steps with their owner and the
# days on which they begin and end; a step is entered on the first of these days that is known.
CLAIM_STEPS = (
    ("documents", "claims desk", "opened_on", "documents_complete_on"),
    ("decision", "claims assessment", "documents_complete_on", "decided_on"),
    ("payment", "payments", "payable_on", "paid_on"),
)
COMPLAINT_STEPS = (
    ("response", "complaint desk", "received_on", "responded_on"),
    ("decision", "complaint desk", "responded_on", "decided_on"),
)
POLICY_STEPS = (("in force", "policy service", "issued_on", "ended_on"),)
CARRIED = ("customer_id", *SEGMENT_COLUMNS)
PAID = ("paid_full", "paid_part")


@transform(
    writes="core.customer_journeys",
    reads={
        "claims": "core.claims",
        "complaints": "core.complaints",
        "policies": "core.policies",
        "responses": "core.survey_responses",
    },
    keys=("customer_id",),
    grain=("customer_id", "journey", "case_id", "step_no"),
    columns={
        "customer_id": (pl.String, "Pseudonym of the customer."),
        "journey": (pl.String, "policy, claim or complaint."),
        "case_id": (pl.String, "The policy, claim or complaint."),
        "step_no": (pl.Int32, "1 for the first step."),
        "step": (pl.String, "What it is about: in force; documents, decision, payment; response, decision."),
        "stage": (
            pl.String,
            "Stage of the customer's journey, as surveys ask about it: policy, claims, complaint.",
        ),
        "owner": (pl.String, "Who in the house has it in hand."),
        **SEGMENT_COLUMNS,
        "entered_on": (pl.Date, "Day on which the step began."),
        "left_on": (pl.Date, "Day on which it was done; empty while it is not."),
        "days": (pl.Int32, "Calendar days between them."),
        "is_last": (pl.Boolean, "No later step of the journey has begun."),
        "perceived_score": (
            pl.Float64,
            "Satisfaction of the customer with this case, 0 to 100, in the surveys about it; empty where none asked.",
        ),
    },
    asked_for=lambda settings: settings.customer_journeys,
)
def customer_journeys(
    claims: pl.LazyFrame, complaints: pl.LazyFrame, policies: pl.LazyFrame, responses: pl.LazyFrame
) -> pl.LazyFrame:
    """One row per customer, journey and step that has begun: who has it in hand, since when, until when, how perceived.

    Claims as first handled; merged complaints, cancelled claims and cases whose records contradict each other are left
    out. A step that ended before it began has no days.
    """
    first = claims.filter(pl.col("spell_no") == 1, (pl.col("outcome") != "cancelled").fill_null(True))
    # What is refused is not waited for.
    first = first.with_columns(
        payable_on=pl.when(pl.col("outcome").is_in(PAID).fill_null(False)).then("payable_on")
    )
    own = complaints.filter(~pl.col("is_merged"))
    parts = [
        *_steps("claim", first, "claim_id", "claims", CLAIM_STEPS),
        *_steps("complaint", own, "complaint_id", "complaint", COMPLAINT_STEPS),
        *_steps("policy", policies, "policy_id", "policy", POLICY_STEPS),
    ]
    perceived = pl.concat(
        [
            _perceived(responses, journey, key)
            for journey, key in (
                ("claim", "claim_id"),
                ("complaint", "complaint_id"),
                ("policy", "policy_id"),
            )
        ]
    )
    last = pl.col("step_no").max().over("customer_id", "journey", "case_id")
    return (
        pl.concat(parts)
        .with_columns(is_last=pl.col("step_no") == last)
        .join(perceived, on=["customer_id", "journey", "case_id"], how="left")
    )


def _steps(
    journey: str, cases: pl.LazyFrame, key: str, stage: str, steps: tuple[tuple[str, str, str, str], ...]
) -> list[pl.LazyFrame]:
    """The steps of each case that have begun."""
    known = cases.filter(pl.col("customer_id").is_not_null(), pl.col("sequence_fault").is_null())
    if CASES in known.collect_schema():
        # Many in one row are not one customer's.
        known = known.filter(pl.col(CASES).fill_null(1) == 1)
    parts = []
    for number, (step, owner, begins, ends) in enumerate(steps, 1):
        days = (pl.col("left_on") - pl.col("entered_on")).dt.total_days()
        parts.append(
            known.filter(pl.col(begins).is_not_null())
            .select(*CARRIED, case_id=key, entered_on=begins, left_on=ends)
            .with_columns(
                journey=pl.lit(journey),
                step_no=pl.lit(number, dtype=pl.Int32),
                step=pl.lit(step),
                stage=pl.lit(stage),
                owner=pl.lit(owner),
                days=pl.when(days >= 0).then(days),
            )
        )
    return parts


def _perceived(responses: pl.LazyFrame, journey: str, key: str) -> pl.LazyFrame:
    """The mean satisfaction with each case asked about; with a policy where the question is about no case of it."""
    about = pl.col(key).is_not_null()
    if key == "policy_id":
        about &= pl.col("claim_id").is_null() & pl.col("complaint_id").is_null()
    read = pl.col("is_valid") & ~pl.col("is_audit") & pl.col("satisfaction_score").is_not_null()
    return (
        responses.filter(about, read)
        .group_by("customer_id", case_id=key)
        .agg(perceived_score=pl.col("satisfaction_score").sort().mean().round(DECIMALS))
        .with_columns(journey=pl.lit(journey))
    )
