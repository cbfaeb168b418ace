"""core.policies: each policy with its segment and the time it was in force, one row per policy.

Which event ends a policy is said here once; persistency and surrender ask it.
"""

import polars as pl

from transforms.model import SEGMENT_COLUMNS, transform
from transforms.origins import ALWAYS, Origins, codes_of, item, passed_on

# Events that end a contract for good. A lapse suspends it until a reinstatement.
TERMINATIONS = (
    "surrender",
    "free_look_cancellation",
    "claim_termination",
    "death",
    "maturity",
    "transfer_out",
    "conversion",
    "cancellation",
    "rescission",
    "other_termination",
)

_event = codes_of("policy_events.event")
ENDS = _event(*TERMINATIONS, "lapse")
ANNUAL_PREMIUM = item("policies.annual_premium") | item("policies.modal_premium")
ORIGINS: Origins = {
    **passed_on(
        "policies", "product_code", "pay_mode", "term_months", "annual_premium", "sum_assured",
        "renews_policy_id", "issued_on", "agent_id",
    ),
    "is_long_term": ALWAYS,
    "ended_on": ENDS,
    **{f"end_event={event}": _event(event) for event in (*TERMINATIONS, "lapse")},
    "surrendered_on": _event("surrender"),
    "lapsed_on": _event("lapse"),
    "reinstated_on": _event("reinstatement"),
}  # fmt: skip


@transform(
    writes="core.policies",
    reads={"policies": "staging.policies", "events": "staging.policy_events"},
    known_on={"policies": "issued_on", "events": "effective_on"},
    origins=lambda settings: ORIGINS,
    keys=("policy_id",),
    grain=("policy_id",),
    columns={
        "policy_id": (pl.String, "The policy."),
        "customer_id": (pl.String, "Pseudonym of the policyholder."),
        **SEGMENT_COLUMNS,
        "current_org_unit": (pl.String, "Unit that looks after the policy now."),
        "agent_id": (pl.String, "Pseudonym of the agent who sold it."),
        "product_code": (pl.String, "Product."),
        "pay_mode": (pl.String, "How the premium is paid."),
        "is_long_term": (pl.Boolean, "Cover of more than a year."),
        "term_months": (pl.Int32, "Months of cover; empty for whole life."),
        "annual_premium": (pl.Decimal(18, 2), "Premium of a year at issue."),
        "sum_assured": (pl.Decimal(18, 2), "Sum assured."),
        "renews_policy_id": (pl.String, "Policy that this one renews."),
        "issued_on": (pl.Date, "First day in force."),
        "ended_on": (
            pl.Date,
            "Last day in force: termination, or the lapse if not reinstated; empty if in force.",
        ),
        "end_event": (pl.String, "What ended it."),
        "surrendered_on": (pl.Date, "Day of the surrender."),
        "lapsed_on": (pl.Date, "Day of the last lapse."),
        "reinstated_on": (pl.Date, "Day of the last reinstatement."),
        "sequence_fault": (pl.String, "What is impossible about its days; empty if nothing is."),
    },
)
def policies(policies: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """One row per policy issued by the as-of day: segment, premium, first and last day in force."""
    ends = (
        events.filter(pl.col("event").is_in(TERMINATIONS))
        .group_by("policy_id")
        .agg(
            # The earliest termination counts; of several on one day the alphabet decides, for repeatability.
            termination=pl.col("event").sort_by("effective_on", "event").first(),
            terminated_on=pl.col("effective_on").min(),
            surrendered_on=pl.col("effective_on").filter(pl.col("event") == "surrender").min(),
        )
    )
    pauses = (
        events.filter(pl.col("event").is_in(["lapse", "reinstatement"]))
        .group_by("policy_id")
        .agg(
            lapsed_on=pl.when(pl.col("event") == "lapse").then("effective_on").max(),
            reinstated_on=pl.when(pl.col("event") == "reinstatement").then("effective_on").max(),
        )
    )
    suspended = pl.col("lapsed_on").is_not_null() & (
        pl.col("reinstated_on").is_null() | (pl.col("reinstated_on") < pl.col("lapsed_on"))
    )
    by_lapse = suspended & (pl.col("lapsed_on") <= pl.col("terminated_on")).fill_null(True)
    return (
        policies.join(ends, on="policy_id", how="left")
        .join(pauses, on="policy_id", how="left")
        .with_columns(
            ended_on=pl.when(by_lapse).then("lapsed_on").otherwise("terminated_on"),
            end_event=pl.when(by_lapse).then(pl.lit("lapse")).otherwise("termination"),
            is_long_term=(pl.col("term_months") > 12).fill_null(True),
        )
        .with_columns(
            sequence_fault=pl.when(pl.col("ended_on") < pl.col("issued_on")).then(
                pl.lit("ended before issue")
            )
        )
        .with_columns(pl.col(segment).fill_null("unknown") for segment in SEGMENT_COLUMNS)
    )
