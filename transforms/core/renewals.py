"""core.renewals: was a policy of at most one year renewed when it expired, one row per expiring policy.

Which policy renews which is the register's word (`renews_policy_id`); the product may have changed.
"""

from datetime import date

import polars as pl

from transforms.clocks import add_days, add_months
from transforms.core.policies import ANNUAL_PREMIUM, TERMINATIONS
from transforms.model import SEGMENT_COLUMNS, transform
from transforms.origins import Origins, all_of, item, passed_on
from transforms.settings import Settings

# Ends that are no choice of the customer: neither renewed nor lost.
NOT_TO_RENEW = {"death": "death", "claim_termination": "claim_termination", "cancellation": "declined"}

_renewed = item("policies.renews_policy_id")
_expires = all_of(item(f"policies.{name}") for name in ("issued_on", "term_months"))
ORIGINS: Origins = {
    **passed_on("policies", "issued_on"),
    "expires_on": _expires,
    "renewed_on": _renewed,
    "renewed": _renewed,
    "premium": ANNUAL_PREMIUM,
    "renewal_premium": _renewed & ANNUAL_PREMIUM,
    "premium_retained": _renewed & ANNUAL_PREMIUM,
}


@transform(
    writes="core.renewals",
    reads={"terms": "staging.renewals", "events": "staging.policy_events"},
    origins=lambda settings: ORIGINS,
    keys=("policy_id",),
    grain=("policy_id",),
    columns={
        "policy_id": (pl.String, "The policy that expires."),
        **SEGMENT_COLUMNS,
        "current_org_unit": (pl.String, "Unit that looks after the policy now."),
        "issued_on": (pl.Date, "First day of its term."),
        "expires_on": (pl.Date, "Last day of its term."),
        "renewed_on": (pl.Date, "First day of the policy that renews it; empty if none does in time."),
        "renewed": (pl.Boolean, "A new term started by the end of the window."),
        "premium": (pl.Float64, "Premium of the expiring term."),
        "renewal_premium": (pl.Float64, "Premium of the new term; 0 if not renewed."),
        "premium_retained": (pl.Float64, "Premium of the expiring term if renewed, else 0."),
        "exclusion": (pl.String, "Why the policy was not there to renew; empty if it was."),
    },
)
def renewals(terms: pl.LazyFrame, events: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row per policy of at most one year that has expired by the as-of day: renewed, premiums, exclusion.

    Renewed: a new term starts within the window of the product line, `renewal.window_days` after expiry unless
    `renewal.window_days_of` says otherwise. Exclusions: ended before expiry, by death, by a claim, or declined by
    the insurer.
    """
    rules = settings.renewal
    window = pl.col("product_line").replace_strict(
        dict(rules.window_days_of), default=rules.window_days, return_dtype=pl.Int32
    )
    ends = (
        events.filter(pl.col("event").is_in(TERMINATIONS) & (pl.col("effective_on") <= as_of))
        .group_by("policy_id")
        .agg(
            ended_on=pl.col("effective_on").min(),
            end_event=pl.col("event").sort_by("effective_on", "event").first(),
        )
    )
    expiring = (
        terms.with_columns(expires_on=add_days(add_months(pl.col("issued_on"), pl.col("term_months")), -1))
        .filter(pl.col("expires_on") <= as_of)
        .join(ends, on="policy_id", how="left")
    )
    last_day = add_days(pl.col("expires_on"), window)
    in_time = (pl.col("renewed_on") <= as_of) & (pl.col("renewed_on") <= last_day)
    ended_early = (pl.col("ended_on") <= pl.col("expires_on")) & (pl.col("end_event") != "maturity")
    premium = pl.col("premium").cast(pl.Float64)
    return (
        expiring.with_columns(
            renewed=in_time.fill_null(False),
            exclusion=pl.when(ended_early.fill_null(False)).then(
                pl.col("end_event").replace_strict(NOT_TO_RENEW, default="ended_before")
            ),
        )
        .with_columns(
            premium=premium,
            renewed_on=pl.when("renewed").then("renewed_on"),
            renewal_premium=pl.when("renewed")
            .then(pl.col("renewal_premium").cast(pl.Float64))
            .when(premium.is_not_null())
            .then(0.0),
            premium_retained=pl.when("renewed").then(premium).when(premium.is_not_null()).then(0.0),
        )
        .with_columns(pl.col(segment).fill_null("unknown") for segment in SEGMENT_COLUMNS)
    )
