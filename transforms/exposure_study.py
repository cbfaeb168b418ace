"""Exposures of an experience study: how long each policy was at risk in each policy or calendar year.

Persistency by instalment is measured elsewhere; here are only the time at risk and the exits of a status.
"""

from collections.abc import Collection
from datetime import date
from typing import Literal

import polars as pl

from transforms.clocks import add_days, add_months, inclusive_days

Method = Literal["policy_year", "calendar_year"]


def expose(
    policies: pl.LazyFrame,
    *,
    start: date,
    end: date,
    target: str | Collection[str],
    method: Method = "policy_year",
    active: str = "active",
    central: bool = False,
) -> pl.LazyFrame:
    """One row per policy and year of exposure in the study from `start` to `end`, both included.

    `policies`: policy_id, issued_on, terminated_on (null while in force), status (what ended it), and
    whatever shall be carried along. Added: exposure_year (1 for the first policy year, or the calendar year),
    starts_on and ends_on (the whole year, both included), status (`active` but for the year in which the
    policy ended), exposure (in years), claims (1 in the year that ended in a `target` status).

    Exposure is the policy's days in the year over the days of the year. A year that ended in a target status
    counts in full (annual exposure method, Balducci hypothesis); `central` leaves that out: claims over
    central exposure is the force μ, and the rate is 1 − exp(−μ).

    As in actxps 1.1, policies issued on or after `end` or terminated by `start` are left out, terminations
    after `end` are not known, policy years that began before `start` are left out whole, and calendar years
    are cut at `start`. Atkinson and McGarry (2016), Experience Study Calculations, Society of Actuaries.
    """
    targets = {target} if isinstance(target, str) else set(target)
    if active in targets:
        raise ValueError(f"{active!r}, the status of policies in force, cannot be a target of the study")
    carried = policies.drop("status", "terminated_on").collect_schema().names()
    years_of = {"policy_year": _policy_years, "calendar_year": _calendar_years}[method]
    is_last = pl.col("_last_on") <= pl.col("ends_on")
    claimed = is_last & pl.col("status").is_in(list(targets))
    days_at_risk = inclusive_days(
        pl.max_horizontal("starts_on", "_first_on"), pl.min_horizontal("ends_on", "_last_on")
    )
    share = days_at_risk / inclusive_days(pl.col("starts_on"), pl.col("ends_on"))
    return years_of(_studied(policies, start, end, active), start).select(
        *carried,
        "exposure_year",
        "starts_on",
        "ends_on",
        status=pl.when(is_last).then("status").otherwise(pl.lit(active)),
        exposure=share if central else pl.when(claimed).then(1.0).otherwise(share),
        claims=claimed.cast(pl.Int64),
    )


def _studied(policies: pl.LazyFrame, start: date, end: date, active: str) -> pl.LazyFrame:
    """The policies of the study with _last_on, their last day in it, and the status known at its end."""
    in_study = policies.filter(
        pl.col("issued_on") < end, pl.col("terminated_on").is_null() | (pl.col("terminated_on") > start)
    )
    ended = pl.col("terminated_on") <= end
    return in_study.with_columns(
        _last_on=pl.when(ended).then("terminated_on").otherwise(end),
        status=pl.when(ended).then(pl.col("status").cast(pl.String)).otherwise(pl.lit(active)),
    ).filter(pl.col("_last_on") >= pl.col("issued_on"))


def _policy_years(policies: pl.LazyFrame, start: date) -> pl.LazyFrame:
    issued, last = pl.col("issued_on"), pl.col("_last_on")
    anniversaries = last.dt.year() - issued.dt.year()
    anniversaries -= (add_months(issued, 12 * anniversaries) > last).cast(pl.Int32)
    year = pl.col("exposure_year")
    return (
        policies.with_columns(_first_on=issued, exposure_year=pl.int_ranges(1, anniversaries + 2))
        .explode("exposure_year")
        .with_columns(
            starts_on=add_months(issued, 12 * (year - 1)), ends_on=add_days(add_months(issued, 12 * year), -1)
        )
        .filter(pl.col("starts_on") >= start)
    )


def _calendar_years(policies: pl.LazyFrame, start: date) -> pl.LazyFrame:
    first = pl.max_horizontal("issued_on", pl.lit(start))
    year = pl.col("exposure_year")
    return (
        policies.with_columns(
            _first_on=first, exposure_year=pl.int_ranges(first.dt.year(), pl.col("_last_on").dt.year() + 1)
        )
        .explode("exposure_year")
        .with_columns(starts_on=pl.date(year, 1, 1), ends_on=pl.date(year, 12, 31))
    )
