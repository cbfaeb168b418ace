"""core.persistency: did the policy persist to its k-th month, one row per policy and duration.

The variants of the definition are rows of one table, not copies of code; rolling cohorts are formed in
`transforms/kpi`.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.core.policies import ANNUAL_PREMIUM, ENDS, TERMINATIONS
from transforms.model import SEGMENT_COLUMNS, transform
from transforms.origins import ALWAYS, Origins, codes_of, item
from transforms.settings import PersistencySettings, Settings

DURATIONS_MONTHS = (13, 25, 37, 49, 61)
# Annual premium as a multiple of the modal one.
INSTALMENTS_A_YEAR = {"annual": 1, "half_yearly": 2, "quarterly": 4, "monthly": 12}

# A due day farther from the anniversary is taken for a date of its own, from which no grace is counted.
BILLED_WITHIN_DAYS = 31

# Events that take a policy out of both sides when they happen by the end of the grace period.
SERVICE_EXITS = (
    "free_look_cancellation",
    "claim_termination",
    "death",
    "maturity",
    "transfer_out",
    "conversion",
    "cancellation",
)


@dataclass(frozen=True)
class Variant:
    """One definition of persistency (a premium annex of the regulator, a trade practice, or ours)."""

    excluded: tuple[str, ...]
    excludes_lapsed: bool = False
    counts_reinstated: bool = False
    persisting_events: tuple[str, ...] = ()
    by_premium: bool = True


VARIANTS = {
    # Service measure: whoever left through no fault of service is out of both sides; lapses stay in.
    "default": Variant(SERVICE_EXITS),
    # In force at the as-of date by a reinstatement after grace counts as persisting.
    "including_reinstated": Variant(SERVICE_EXITS, counts_reinstated=True),
    # Annex text (third-party copy): suspended policies leave the denominator.
    "cn_annex_literal": Variant(SERVICE_EXITS, excludes_lapsed=True),
    "gross": Variant(()),
    # Indian practice (general knowledge): deaths stay in and count as in force.
    "irdai_like": Variant(("free_look_cancellation",), persisting_events=("death", "claim_termination")),
    # Without a premium feed: in force at issue + k months, every termination is a loss.
    "in_force": Variant((), by_premium=False),
}


def _origins(settings: Settings) -> Origins:
    """By premium: payments of policies that fall due again or do not say how they are paid; else ends of policies."""
    issued = item("policies.issued_on")
    outcome = ENDS
    if VARIANTS[settings.persistency.variant].by_premium:
        outcome = item("premiums.paid_on") & codes_of("policies.pay_mode")(*INSTALMENTS_A_YEAR, "")
    return {
        "duration_months": ALWAYS,
        "issued_month": issued,
        "due_on": issued,
        "matures_on": issued,
        "eligible": issued,
        "persisting": issued & outcome,
        "premium_at_issue": ANNUAL_PREMIUM,
        "premium_received": ANNUAL_PREMIUM & outcome,
    }


@transform(
    writes="core.persistency",
    reads={
        "policies": "staging.policies",
        "premiums": "staging.premiums",
        "unbilled": "staging.unbilled_policies",
        "events": "staging.policy_events",
    },
    origins=_origins,
    keys=("policy_id",),
    grain=("policy_id", "duration_months"),
    columns={
        "policy_id": (pl.String, "The policy."),
        "duration_months": (pl.Int32, "k: 13, 25, 37, 49 or 61."),
        "issued_month": (pl.Date, "First day of the month of issue."),
        **SEGMENT_COLUMNS,
        "current_org_unit": (pl.String, "Unit that looks after the policy now."),
        "due_on": (
            pl.Date,
            "Day the k-th-month premium falls due, as billed up to a month off; for in_force: issue + k months.",
        ),
        "matures_on": (pl.Date, "End of the grace period, from which the outcome is known."),
        "eligible": (pl.Boolean, "Counts in the denominator by number."),
        "persisting": (pl.Boolean, "Counts in the numerator by number."),
        "premium_at_issue": (
            pl.Float64,
            "Denominator by premium: annual premium at issue; 0 if not eligible.",
        ),
        "premium_received": (
            pl.Float64,
            "Numerator by premium: annualised, by default at most the premium at issue.",
        ),
        "exclusion": (pl.String, "Why the policy does not count; empty if it does."),
        "variant": (pl.String, "Definition applied."),
    },
)
def persistency(
    policies: pl.LazyFrame,
    premiums: pl.LazyFrame,
    unbilled: pl.LazyFrame,
    events: pl.LazyFrame,
    *,
    as_of: date,
    settings: Settings,
) -> pl.LazyFrame:
    """One row per policy and duration of 13, 25, 37, 49 or 61 months that has fallen due by the as-of month.

    Default: the k-th-month premium, due k − 1 months after issue (month-end rule, Civil Code of the PRC
    art. 202) or on the nearest day billed, was received with a value date inside the grace period (60 days unless the
    policy says otherwise, Insurance Law art. 36). A policy of which no instalment is recorded, nor any end or lapse,
    is no lapse: nothing is known of it.
    """
    definition = settings.persistency
    variant = VARIANTS[definition.variant]
    rows = _durations(policies, definition, variant, as_of)
    rows = _with_exits(rows, events, as_of)
    if variant.by_premium:
        unknown = unbilled.select("policy_id").unique().with_columns(is_unbilled=True)
        rows = _with_payment(rows, premiums).join(unknown, on="policy_id", how="left")
    judged = rows.with_columns(exclusion=_exclusion(variant, as_of)).with_columns(
        eligible=pl.col("exclusion").is_null(),
        persisting=pl.col("exclusion").is_null() & _persisting(variant),
    )
    return _with_premiums(judged, variant, definition).with_columns(
        *(pl.col(segment).fill_null("unknown") for segment in SEGMENT_COLUMNS),
        variant=pl.lit(definition.name),
    )


def _durations(
    policies: pl.LazyFrame, definition: PersistencySettings, variant: Variant, as_of: date
) -> pl.LazyFrame:
    """A row for every policy and duration; whole issue months stay together, mature or not."""
    lag_months = 1 if variant.by_premium else 0
    grace = pl.col("grace_days").fill_null(definition.grace_days) if variant.by_premium else pl.lit(0)
    issued = policies.filter(pl.col("issued_on") <= as_of).with_columns(
        issued_month=pl.col("issued_on").dt.truncate("1mo")
    )
    rows = pl.concat(
        issued.filter(pl.col("issued_month").dt.offset_by(f"{months - lag_months}mo") <= as_of).with_columns(
            duration_months=pl.lit(months, dtype=pl.Int32),
            due_on=pl.col("issued_on").dt.offset_by(f"{months - lag_months}mo"),
        )
        for months in DURATIONS_MONTHS
    )
    return rows.with_columns(grace=grace).with_columns(
        matures_on=pl.col("due_on") + pl.duration(days="grace")
    )


def _with_exits(rows: pl.LazyFrame, events: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """Adds the day of each kind of exit, one row per policy."""
    kinds = (*TERMINATIONS, "waiver", "lapse", "reinstatement")
    days = (
        events.filter(pl.col("event").is_in(kinds) & (pl.col("effective_on") <= as_of))
        .group_by("policy_id")
        .agg(
            pl.when(pl.col("event") == kind).then("effective_on").min().alias(f"{kind}_on")
            if kind != "reinstatement"
            else pl.when(pl.col("event") == kind).then("effective_on").max().alias("reinstatement_on")
            for kind in kinds
        )
    )
    return rows.join(days, on="policy_id", how="left")


def _with_payment(rows: pl.LazyFrame, premiums: pl.LazyFrame) -> pl.LazyFrame:
    """Adds the payment of the instalment whose due day is nearest to k − 1 months after issue.

    Grace runs from its due day where that is at most a month off: a bill of the first of the next month.
    """
    key = ["policy_id", "months_since_issue"]
    found = _paid(premiums, key).cache()
    # Only where due days differ are the nearest looked for.
    nearest = found.filter(pl.col("days_off") < pl.col("farthest_off")).select(*key, "days_off")
    instalments = pl.concat(
        [
            found.filter(pl.col("days_off") == pl.col("farthest_off")),
            _paid(premiums.join(nearest, on=[*key, "days_off"], how="semi"), key),
        ]
    )
    is_near = (pl.col("billed_on") - pl.col("due_on")).dt.total_days().abs() <= BILLED_WITHIN_DAYS
    return (
        rows.with_columns(months_since_issue=(pl.col("duration_months") - 1).cast(pl.Int64))
        .join(instalments, on=key, how="left")
        .with_columns(due_on=pl.when(is_near).then("billed_on").otherwise("due_on"))
        .with_columns(matures_on=pl.col("due_on") + pl.duration(days="grace"))
    )


def _paid(premiums: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    """Instalments of one policy and anniversary, added up."""
    return premiums.group_by(key).agg(
        pl.col("paid_on").min(),
        pl.col("paid_amount").sum(),
        pl.col("due_amount").sum(),
        pl.col("days_off").min(),
        farthest_off=pl.col("days_off").max(),
        billed_on=pl.col("due_on").min(),
    )


def _exclusion(variant: Variant, as_of: date) -> pl.Expr:
    """Why the policy is out of both sides at the end of its grace period, by precedence."""
    immature = (pl.col("matures_on") > as_of, "immature")
    if not variant.by_premium:
        return pl.when(immature[0]).then(pl.lit(immature[1]))
    reasons = [
        immature,
        (pl.col("pay_mode") == "single", "single_premium"),
        (pl.col("premium_term_months") < pl.col("duration_months"), "premium_term_over"),
        *((pl.col(f"{kind}_on") <= pl.col("matures_on"), kind) for kind in variant.excluded),
    ]
    reasons.append((pl.col("is_unbilled") & _nothing_is_known(), "no_instalments"))
    if variant.excludes_lapsed:
        reasons.append((_unpaid() & ~_ended_before_maturity(), "lapse"))
    first = pl.lit(None, dtype=pl.String)
    for condition, reason in reversed(reasons):
        first = pl.when(condition.fill_null(False)).then(pl.lit(reason)).otherwise(first)
    return first


def _paid_in_grace() -> pl.Expr:
    paid = (pl.col("paid_on") <= pl.col("matures_on")) & (pl.col("paid_amount") > 0).fill_null(True)
    waived = pl.col("waiver_on") <= pl.col("matures_on")
    return paid.fill_null(False) | waived.fill_null(False)


def _unpaid() -> pl.Expr:
    return ~_paid_in_grace()


def _nothing_is_known() -> pl.Expr:
    """Whether neither a payment nor an end nor a lapse is recorded by the end of the grace period."""
    lapsed = (pl.col("lapse_on") <= pl.col("matures_on")).fill_null(False)
    return _unpaid() & ~_ended_before_maturity() & ~lapsed


def _ended_before_maturity() -> pl.Expr:
    ends = [pl.col(f"{kind}_on") <= pl.col("matures_on") for kind in TERMINATIONS]
    return pl.any_horizontal(end.fill_null(False) for end in ends)


def _persisting(variant: Variant) -> pl.Expr:
    if not variant.by_premium:
        ends = [pl.col(f"{kind}_on") <= pl.col("due_on") for kind in (*TERMINATIONS, "lapse")]
        return ~pl.any_horizontal(end.fill_null(False) for end in ends)
    persisting = _paid_in_grace()
    for event in variant.persisting_events:
        persisting = persisting | (pl.col(f"{event}_on") <= pl.col("matures_on")).fill_null(False)
    if variant.counts_reinstated:
        persisting = persisting | pl.col("reinstatement_on").is_not_null()
    return persisting


def _with_premiums(rows: pl.LazyFrame, variant: Variant, definition: PersistencySettings) -> pl.LazyFrame:
    """Adds both sides by premium; a waived premium is on neither."""
    frequency = pl.col("pay_mode").replace_strict(INSTALMENTS_A_YEAR, default=1, return_dtype=pl.Float64)
    modal = pl.col("modal_premium").cast(pl.Float64)
    at_issue = pl.coalesce(pl.col("annual_premium").cast(pl.Float64), modal * frequency)
    if not variant.by_premium:
        received = at_issue
        counts = pl.col("eligible")
    else:
        received = (pl.col("paid_amount").cast(pl.Float64) * frequency).fill_null(at_issue)
        if definition.increases == "capped":
            received = pl.min_horizontal(received, at_issue)
        counts = pl.col("eligible") & (pl.col("waiver_on") > pl.col("matures_on")).fill_null(True)
    return rows.with_columns(
        premium_at_issue=pl.when(counts).then(at_issue).when(at_issue.is_not_null()).then(0.0),
        premium_received=pl.when(counts & pl.col("persisting") & at_issue.is_not_null())
        .then(received)
        .when(at_issue.is_not_null())
        .then(0.0),
    )
