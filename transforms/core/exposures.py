"""core.exposures: the experience study of actuaries, one row per policy and year at risk.

How exposure is counted is `transforms/exposure_study.py`; the table is empty unless the project file asks
for the study.
"""

from datetime import date, timedelta

import polars as pl

from transforms.core.policies import TERMINATIONS
from transforms.exposure_study import expose
from transforms.model import SEGMENT_COLUMNS, transform
from transforms.settings import Settings

ACTIVE = "active"
CARRIED = ("policy_id", *SEGMENT_COLUMNS, "product_code", "issued_on", "sum_assured")


@transform(
    writes="core.exposures",
    reads={"policies": "staging.policies", "events": "staging.policy_events"},
    keys=("policy_id",),
    grain=("policy_id", "exposure_year"),
    columns={
        "policy_id": (pl.String, "The policy."),
        **SEGMENT_COLUMNS,
        "product_code": (pl.String, "Product."),
        "issued_on": (pl.Date, "Day the policy took effect."),
        "sum_assured": (pl.Float64, "Sum assured, for rates by amount."),
        "exposure_year": (pl.Int32, "1 for the first policy year; or the calendar year."),
        "starts_on": (pl.Date, "First day of the whole year."),
        "ends_on": (pl.Date, "Last day of the whole year."),
        "status": (pl.String, "active, or what ended the policy in this year."),
        "exposure": (pl.Float64, "Years at risk; a year that ended in a target counts in full (Balducci)."),
        "central_exposure": (pl.Float64, "Years at risk, the last one in part whatever ended it."),
        "claims": (pl.Int32, "1 in the year that ended in a target."),
    },
    asked_for=lambda settings: settings.exposure_study is not None,
)
def exposures(
    policies: pl.LazyFrame, events: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row per policy and year at risk up to the end of the last whole month: exposure, central exposure and exits.

    A month is whole on its last day; within the next the study stands still. As in actxps 1.1. A lapse ends a policy
    if it was not reinstated. Atkinson and McGarry (2016), Experience Study Calculations, Society of Actuaries.
    """
    study = settings.exposure_study
    assert study, "made only if asked for"
    last_day = (as_of + timedelta(1)).replace(day=1) - timedelta(1)
    studied = _with_exit(policies, events, last_day)
    central = expose(
        studied,
        start=study.starts_on,
        end=last_day,
        target=study.targets,
        method=study.method,
        active=ACTIVE,
        central=True,
    )
    in_full = (pl.col("claims") == 1).fill_null(False)
    return central.with_columns(
        central_exposure="exposure", exposure=pl.when(in_full).then(1.0).otherwise("exposure")
    ).with_columns(pl.col(segment).fill_null("unknown") for segment in SEGMENT_COLUMNS)


def _with_exit(policies: pl.LazyFrame, events: pl.LazyFrame, last_day: date) -> pl.LazyFrame:
    """Policies with terminated_on and status: their first termination, or a lapse that no reinstatement follows."""
    known = events.filter(pl.col("effective_on") <= last_day)
    pauses = (
        known.filter(pl.col("event").is_in(["lapse", "reinstatement"]))
        .group_by("policy_id")
        .agg(
            _lapsed_on=pl.when(pl.col("event") == "lapse").then("effective_on").max(),
            _back_on=pl.when(pl.col("event") == "reinstatement").then("effective_on").max(),
        )
    )
    ends = (
        known.filter(pl.col("event").is_in(TERMINATIONS))
        .group_by("policy_id")
        .agg(
            _ended_on=pl.col("effective_on").min(),
            _ended_by=pl.col("event").sort_by("effective_on", "event").first(),
        )
    )
    stays_lapsed = pl.col("_lapsed_on").is_not_null() & ~(
        pl.col("_back_on") >= pl.col("_lapsed_on")
    ).fill_null(False)
    by_lapse = stays_lapsed & (pl.col("_lapsed_on") <= pl.col("_ended_on")).fill_null(True)
    return (
        policies.select(*CARRIED)
        .join(pauses, on="policy_id", how="left")
        .join(ends, on="policy_id", how="left")
        .select(
            *CARRIED,
            terminated_on=pl.when(by_lapse).then("_lapsed_on").otherwise("_ended_on"),
            status=pl.when(by_lapse)
            .then(pl.lit("lapse"))
            .otherwise(pl.coalesce("_ended_by", pl.lit(ACTIVE))),
        )
    )
