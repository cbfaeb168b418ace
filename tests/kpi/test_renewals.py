"""Renewals under a project's own windows."""

from datetime import date, timedelta

import polars as pl

from tests.kpi.books import EVENT, KPIS, SEGMENTS, frame
from transforms.core.renewals import renewals
from transforms.settings import RenewalSettings, Settings

COMPANY = Settings(cuts=("company",))
AS_OF = date(2025, 12, 31)
TERM = {
    "policy_id": pl.String,
    "issued_on": pl.Date,
    "term_months": pl.Int32,
    **SEGMENTS,
    "premium": pl.Float64,
    "renewed_on": pl.Date,
    "renewal_premium": pl.Float64,
}


def expiring(
    terms: list[dict], happened: list[dict], settings: Settings = COMPANY
) -> dict[str, pl.LazyFrame]:
    staged = [{"issued_on": date(2024, 3, 16), "term_months": 12, **term} for term in terms]
    made = renewals(terms=frame(TERM, staged), events=frame(EVENT, happened), as_of=AS_OF, settings=settings)
    return {"core.renewals": made}


def test_the_window_of_a_product_line_is_the_projects_affair():
    terms = [
        {"policy_id": line, "product_line": line, "renewed_on": date(2025, 3, 15) + timedelta(days)}
        for line, days in (("motor", 45), ("travel", 8), ("health", 45))
    ]

    def renewed(rules: RenewalSettings) -> set[str]:
        made = expiring(terms, [], Settings(renewal=rules))["core.renewals"]
        return set(made.filter("renewed").collect()["policy_id"])

    assert renewed(RenewalSettings(window_days_of={})) == {"motor", "travel", "health"}
    assert renewed(RenewalSettings(window_days_of={"travel": 7})) == {"motor", "health"}
    assert renewed(RenewalSettings(window_days=30)) == {"travel"}
    kpi = KPIS["renewal_policy_share"]
    versions = {
        kpi.definition_version(Settings(renewal=RenewalSettings(window_days_of=lines)))
        for lines in ({}, {"travel": 7}, {"motor": 30})
    }
    assert len(versions) == 3, "each is a definition of its own"
