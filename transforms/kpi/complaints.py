"""The KPIs of complaints: how many, resolved, in time, how long, upheld, and per policies in force."""

from typing import Any

import polars as pl

from transforms.kpi.definition import Exposure, Flow, Kpi
from transforms.kpi.measures import Count, Deadline, PerExposure, Quantile, Share

# A repeated contact on an open complaint is merged into it and is no case of its own.
OWN_CASE = ~pl.col("is_merged")
FAULTY = pl.col("sequence_fault").is_not_null()
NOT_WITHDRAWN = (pl.col("outcome") != "withdrawn").fill_null(True)
DECIDED = pl.col("outcome").is_in(["upheld", "partly_upheld", "not_upheld"])

POLICIES_AT_RISK = Exposure(
    "policies_at_risk", Flow("core.policies", "issued_on", "ended_on"), "at_risk", feed_column="policies"
)

_TIMED: dict[str, Any] = {
    "fact": "core.complaints",
    "population": OWN_CASE,
    "excluded": FAULTY,
    "dates": {"cohort": "received_on", "period": "closed_on"},
    "minimum": 20,
}

KPIS = (
    Kpi(
        code="complaints_received_count",
        title="Complaints received",
        fact="core.complaints",
        measure=Count(),
        unit="count",
        direction=-1,
        population=OWN_CASE,
        dates={"cohort": "received_on"},
        source="CBIRC order 2020 no. 3: merged contacts count once",
    ),
    Kpi(
        code="complaints_closed_count",
        title="Complaints closed",
        fact="core.complaints",
        measure=Count(),
        unit="count",
        direction=0,
        population=OWN_CASE,
        dates={"period": "closed_on"},
        source="Workload of the period",
    ),
    Kpi(
        code="complaint_resolved_share",
        title="Complaints of the month resolved by the as-of date",
        fact="core.complaints",
        measure=Share(of=pl.col("decided_on").is_not_null(), among=NOT_WITHDRAWN),
        unit="share",
        direction=1,
        population=OWN_CASE,
        excluded=FAULTY,
        dates={"cohort": "received_on"},
        horizon_days=60,
        minimum=20,
        source="Resolution rate (办结率) of the received cohort; withdrawn complaints are on neither side",
    ),
    Kpi(
        code="complaint_resolved_within_30_days_share",
        title="Complaints resolved within 30 days of receipt",
        measure=Deadline("received_on", "decided_on", 30, exits_on="withdrawn_on"),
        unit="share",
        direction=1,
        horizon_days=30,
        source="CBIRC order 2020 no. 3: 30 days for complex complaints; calendar days without roll-forward",
        **_TIMED,
    ),
    Kpi(
        code="complaint_received_to_closed_days_median",
        title="Days from receipt to closing of complaints, median",
        measure=Quantile("received_to_closed_days", 0.5),
        unit="days",
        direction=-1,
        horizon_days=60,
        source="Time to resolve",
        **_TIMED,
    ),
    Kpi(
        code="complaint_received_to_closed_days_p90",
        title="Days from receipt to closing of complaints, 90th percentile",
        measure=Quantile("received_to_closed_days", 0.9),
        unit="days",
        direction=-1,
        horizon_days=60,
        source="Time to resolve",
        **_TIMED,
    ),
    Kpi(
        code="complaint_upheld_share",
        title="Complaints upheld fully or partly among those decided",
        fact="core.complaints",
        measure=Share(of=pl.col("outcome").is_in(["upheld", "partly_upheld"]), among=DECIDED),
        unit="share",
        direction=-1,
        population=OWN_CASE,
        dates={"period": "closed_on", "cohort": "received_on"},
        horizon_days=60,
        minimum=20,
        source="Uphold rate counting full and part; withdrawn complaints are on neither side",
    ),
    Kpi(
        code="complaints_per_10k_policies",
        title="Complaints received per 10,000 policies (万张保单投诉量)",
        fact="core.complaints",
        measure=PerExposure(POLICIES_AT_RISK, per=10_000),
        unit="per_10k_policies",
        direction=-1,
        population=OWN_CASE,
        dates={"cohort": "received_on"},
        source="Complaint bulletins of the regulator, with all complaints and policies in force or ended in the month",
    ),
)
