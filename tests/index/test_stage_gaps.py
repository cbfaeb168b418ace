"""index.stage_gaps: the objective score of a stage by the weights its KPIs have in the index, beside the perceived."""

from datetime import date

import polars as pl
import pytest
from index_examples import framework, leaf, made, records

from transforms.index.nodes import nodes
from transforms.index.stage_gaps import stage_gaps
from transforms.kpi.registry import registry
from transforms.kpi.stages import PERCEIVED, stage_of

MARCH = date(2025, 3, 1)
# Weights in the index: 0.45, 0.15 and 0.40.
SPEC = framework(
    {
        "facts": {
            "weight": 0.6,
            "children": {
                "a": leaf("claim_paid_share") | {"weight": 3},
                "b": leaf("claim_decided_within_30_days_share") | {"weight": 1},
            },
        },
        "more": {"weight": 0.4, "children": {"c": leaf("complaint_resolved_share")}},
    }
)
VALUES = {
    "claim_paid_share": 80.0,
    "claim_decided_within_30_days_share": 40.0,
    "complaint_resolved_share": 90.0,
    "perceived_claims_score": 75.0,
    "perceived_care_score": 60.0,
}


def test_a_stage_has_the_mean_of_its_kpis_and_what_customers_say_of_it():
    rows = [{"kpi": kpi, "value": value, "segment": "B1", "period": MARCH} for kpi, value in VALUES.items()]
    told = records(rows)
    of_nodes = made(nodes, SPEC, kpi_monthly=told)
    found = made(stage_gaps, SPEC, nodes=of_nodes, kpi_monthly=told).collect()
    by_stage = {row["stage"]: row for row in found.to_dicts()}
    claims = by_stage["claims"]
    assert claims["objective_score"] == pytest.approx((3 * 80 + 40) / 4)
    assert claims["objective_kpis"] == 2
    assert (claims["perceived_score"], claims["gap_points"]) == (75.0, pytest.approx(5.0))
    assert claims["reading"] == "strength"
    assert by_stage["complaint"]["objective_score"] == pytest.approx(90)
    assert by_stage["complaint"]["reading"] is None
    assert by_stage["care"]["objective_score"] is None
    assert by_stage["care"]["perceived_score"] == 60.0


def test_every_kpi_from_records_of_a_service_has_a_stage():
    """Surveys, indicators and audits are of no stage by themselves."""
    codes = [kpi.code for kpi in registry()]
    assert stage_of("claim_paid_share") == "claims"
    assert stage_of("persistency_13m_policy_share") == "policy"
    assert stage_of("complaint_resolved_share") == "complaint"
    assert stage_of("nps_points") is None
    assert set(PERCEIVED) <= set(codes)
    assert pl.Series([stage_of(code) for code in codes]).null_count() < len(codes) / 3
