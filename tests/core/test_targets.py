"""core.targets: the feed, the project file and the limits of packs in one table."""

from datetime import date

import polars as pl

from transforms.core.targets import targets
from transforms.pack import Entry, Pack
from transforms.settings import Settings
from transforms.targets import Target

STAGED = {
    **dict.fromkeys(("kpi", "basis", "cut", "segment"), pl.String),
    "year": pl.Int32,
    "target": pl.Float64,
    "corridor": pl.Float64,
}
KPI = "complaint_on_time_share"


def test_each_source_of_a_target_is_a_row():
    limits = (
        Entry(kpi=KPI, rule="All in time", evidence="found", at_least=1.0),
        Entry(kpi="complaint_reopened_share", basis="period", rule="Few", evidence="found", at_most=0.05),
        Entry(kpi="complaints_per_10k_policies", rule="No level", evidence="found"),
    )
    settings = Settings(
        targets=(Target(kpi=KPI, year=2025, target=0.95, corridor=0.02),),
        packs=(Pack(code="house", title="House rules", authority="Board", kpis=limits),),
    )
    delivered = pl.LazyFrame(
        [(KPI, "cohort", "org_unit", "all", 2025, 0.9, None)], schema=STAGED, orient="row"
    )
    found = targets(targets=delivered, as_of=date(2025, 3, 31), settings=settings).collect()
    assert found.sort("source", "kpi").rows() == [
        (KPI, "cohort", "org_unit", "all", 2025, "feed", None, 0.9, None),
        (KPI, "cohort", "company", "company", None, "house", "at_least", 1.0, None),
        ("complaint_reopened_share", "period", "company", "company", None, "house", "at_most", 0.05, None),
        (KPI, "cohort", "company", "company", 2025, "project", None, 0.95, 0.02),
    ]
