"""The KPIs of policies: persistency to the k-th month, and surrender."""

from typing import Any

import polars as pl

from transforms.core.persistency import DURATIONS_MONTHS
from transforms.kpi.definition import Exposure, Flow, Kpi
from transforms.kpi.measures import PerExposure, Ratio, Share

IN_FORCE_AT_OPENING = Exposure("policies_opening", Flow("core.policies", "issued_on", "ended_on"), "opening")

_PERSISTENCY: dict[str, Any] = {
    "fact": "core.persistency",
    "unit": "share",
    "direction": 1,
    "dates": {"cohort": "issued_month"},
    "excluded": pl.col("exclusion").is_not_null(),
    "issue_months": 12,
    "minimum": 100,
    "switch": "persistency.variant",
}

KPIS = (
    *(
        Kpi(
            code=f"persistency_{months}m_policy_share",
            title=f"{months}-month persistency by number of policies ({months}个月继续率)",
            slice=("duration_months", months),
            measure=Share(of=pl.col("persisting"), among=pl.col("eligible")),
            source="Premium of the k-th month received within grace, of the 12 latest mature issue months",
            **_PERSISTENCY,
        )
        for months in DURATIONS_MONTHS
    ),
    *(
        Kpi(
            code=f"persistency_{months}m_premium_share",
            title=f"{months}-month persistency by premium ({months}个月保费继续率)",
            slice=("duration_months", months),
            measure=Ratio("premium_received", "premium_at_issue"),
            source="Premium of the k-th month received within grace, of the 12 latest mature issue months",
            **_PERSISTENCY,
        )
        for months in DURATIONS_MONTHS
    ),
    Kpi(
        code="surrender_policy_share",
        title="Policies surrendered in the month among those in force at its start",
        fact="core.policies",
        measure=PerExposure(IN_FORCE_AT_OPENING),
        unit="share",
        direction=-1,
        population=pl.col("end_event") == "surrender",
        dates={"period": "surrendered_on"},
        minimum=100,
        source="Surrender rate by number; free-look cancellations are no surrenders",
    ),
)
