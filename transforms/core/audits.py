"""core.audits: whether audited cases meet the standards that they were held to, one row per finding.

What customers say themselves is in the tables of surveys; the two are never mixed.
"""

import polars as pl

from transforms.model import SEGMENT_COLUMNS, SERVICE_CHANNEL, transform
from transforms.origins import Origins, item, passed_on

ORIGINS: Origins = {
    **passed_on(
        "audits", "kind", "standard", "subject", "audited_on", "severity", "service_channel", "policy_id", "claim_id",
        "complaint_id",
    ),
    "is_passed": item("audits.passed"),
    "customer_id": item("audits.customer_id") | item("audits.policy_id") & item("policies.customer_id"),
}  # fmt: skip


@transform(
    writes="core.audits",
    reads={"audits": "staging.audits"},
    known_on={"audits": "audited_on"},
    origins=lambda settings: ORIGINS,
    keys=("audit_id",),
    grain=("audit_id",),
    columns={
        "audit_id": (pl.String, "The finding."),
        "kind": (pl.String, "mystery_shopping, claim_file or sale_recording."),
        "standard": (pl.String, "The standard that the case was held to, as delivered."),
        "subject": (pl.String, "What was looked at; several findings may be about one."),
        "customer_id": (pl.String, "Pseudonym of the customer."),
        "policy_id": (pl.String, "The policy it is about."),
        "claim_id": (pl.String, "The claim it is about."),
        "complaint_id": (pl.String, "The complaint it is about."),
        **SEGMENT_COLUMNS,
        **SERVICE_CHANNEL,
        "audited_on": (pl.Date, "Day of the audit."),
        "is_passed": (pl.Boolean, "The case meets the standard; empty while not decided."),
        "severity": (pl.String, "minor, major or critical where the standard is not met; empty where it is."),
    },
)
def audits(audits: pl.LazyFrame) -> pl.LazyFrame:
    """One row per finding of an audit by the as-of day: a case, its standard, and whether it meets it."""
    return audits.with_columns(
        *(pl.col(segment).fill_null("unknown") for segment in (*SEGMENT_COLUMNS, *SERVICE_CHANNEL)),
        is_passed=pl.col("passed"),
        severity=pl.when(~pl.col("passed").fill_null(False)).then("severity"),
    )
