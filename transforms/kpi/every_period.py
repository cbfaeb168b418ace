"""The records of all KPIs for every period of a run, which kpi.monthly and kpi.periodic take their rows from.

They are worked out together, since the same sums of months make up all periods.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import polars as pl

from transforms.framework import windows_asked
from transforms.kpi.declared_needs import declared_needs
from transforms.kpi.indicators import indicator_records, is_ready_made
from transforms.kpi.registry import registry
from transforms.measures.records import records_since
from transforms.measures.records_since import Change, Kept, Records, Since
from transforms.measures.segments import P, Parted, with_units
from transforms.periods import MONTH, long_periods, month_periods, months_until
from transforms.settings import Settings

RECORDED = {
    "recorded": "staging.recorded",
    "key_matches": "core.key_matches",
    "indicator_values": "core.indicator_values",
    "org_units": "core.org_units",
}
READS = {
    "claims": "core.claims",
    "claim_promises": "core.claim_promises",
    "claim_pauses": "core.claim_pauses",
    "handler_months": "core.handler_months",
    "complaints": "core.complaints",
    "complaint_repeats": "core.complaint_repeats",
    "complaint_recovery": "core.complaint_recovery",
    "contacts": "core.contacts",
    "audits": "core.audits",
    "actions": "core.actions",
    "policies": "core.policies",
    "customers": "core.customers",
    "policy_events": "core.policy_events",
    "surrender_months": "core.surrender_months",
    "renewals": "core.renewals",
    "persistency": "core.persistency",
    "survey_scores": "core.survey_scores",
    "survey_stage_scores": "core.survey_stage_scores",
    "survey_responses": "core.survey_responses",
    "survey_weights": "core.survey_weights",
    "survey_invitations": "core.survey_invitations",
    "text_readings": "core.text_readings",
    "exposures": "core.exposure_months",
    "outlet_months": "core.outlet_months",
    "new_policies": "core.new_policies",
    "instalments_due": "core.instalments_due",
    "service_orders": "core.service_orders",
    "applications": "core.applications",
    "value_added_years": "core.value_added_years",
}


def every_period(
    *,
    recorded: pl.LazyFrame,
    key_matches: pl.LazyFrame,
    indicator_values: pl.LazyFrame,
    org_units: pl.LazyFrame,
    as_of: date,
    settings: Settings,
    **facts: Parted,
) -> pl.LazyFrame:
    """The records of every month, longer period and window of the project, with grain and ends_on.

    A fact may come in parts, whose cases are then not held all at once.
    """
    made = every_period_since(
        None, {}, recorded=recorded, key_matches=key_matches, indicator_values=indicator_values, org_units=org_units,
        as_of=as_of, settings=settings, **facts,
    )  # fmt: skip
    return made.anew.lazy()


def every_period_since(
    before: Kept | None,
    changes: Mapping[str, Change],
    *,
    recorded: pl.LazyFrame,
    key_matches: pl.LazyFrame,
    indicator_values: pl.LazyFrame,
    org_units: pl.LazyFrame,
    as_of: date,
    settings: Settings,
    **facts: Parted,
) -> Records:
    """The same records but for those that are as they were on an earlier day, and what is to be kept of this one.

    `changes` are those of facts by their tables since that day; of a fact without any, two empty frames. One that is
    not among them is taken as another. Where units have changed nothing is to be given of the earlier day.
    """
    months = months_until(as_of, settings.months)
    longer = long_periods(months, settings.grains)
    single = month_periods(months).select(pl.lit(MONTH).alias("grain"), "starts_on", "ends_on")
    removed: dict[str, pl.LazyFrame] = {name: change.removed for name, change in changes.items()}
    added: dict[str, pl.LazyFrame] = {name: change.added for name, change in changes.items()}
    gone, new = (with_units(rows, org_units, settings.cuts) for rows in (removed, added))
    made = records_since(
        Since(before, {name: Change(gone[name], new[name]) for name in changes}) if before else None,
        with_units(facts_by_table(**facts), org_units, settings.cuts),
        [kpi for kpi in registry(settings) if not is_ready_made(kpi)],
        pl.concat([single, longer]),
        as_of=as_of,
        settings=settings,
        needs=declared_needs(settings),
        recorded=recorded.collect(),
        lost=key_matches.filter("is_broken").select("from_feed").collect()["from_feed"].to_list(),
        windows=windows_asked(settings.frameworks),
    )
    if not settings.indicators:
        return made
    ready_made = indicator_records(indicator_values, settings, as_of).collect()
    return replace(made, anew=pl.concat([made.anew, ready_made], how="diagonal"))


def facts_by_table(**facts: P) -> dict[str, P]:
    """The facts of KPIs by the names of their tables; a project's own come under these."""
    return {READS.get(name, name): frame for name, frame in facts.items()}
