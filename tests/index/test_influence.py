"""index.influence: what a KPI does to the ranking, whatever its weight."""

import numpy as np
import polars as pl
import pytest
from index_examples import (
    FIVE_BRANCHES,
    KPIS,
    SIX_BRANCHES,
    SIX_RANKS,
    WEIGHTS,
    branch_records,
    close_branches,
    made,
    worked_framework,
)

from transforms.composite.aggregate import places, ranks
from transforms.framework import Framework
from transforms.index.influence import influence
from transforms.settings import RobustnessSettings


def found(kpis: pl.LazyFrame, spec: Framework) -> pl.DataFrame:
    return made(influence, spec, kpi_monthly=kpis, robustness=RobustnessSettings()).collect()


def test_influence_of_leaves_beside_their_weights():
    by_kpi = found(branch_records(FIVE_BRANCHES), worked_framework()).rows_by_key(
        "kpi", named=True, unique=True
    )
    assert [by_kpi[kpi]["weight"] for kpi in KPIS] == pytest.approx(WEIGHTS)
    assert [by_kpi[kpi]["influence_r2"] for kpi in KPIS] == pytest.approx(
        [0.972982, 0.733941, 0.515131, 0.884128], abs=5e-7
    )
    kpis, spec = close_branches()
    for row in found(kpis, spec).iter_rows(named=True):
        rest = [i for i, kpi in enumerate(KPIS) if kpi != row["kpi"]]
        without = ranks(SIX_BRANCHES[:, rest] @ WEIGHTS[rest])
        assert row["mean_rank_shift"] == pytest.approx(np.abs(without - SIX_RANKS).mean())


def test_influence_on_places_is_that_of_pairwise_majorities():
    kpis, spec = close_branches()
    by_places = spec.model_copy(update={"index": spec.index.model_copy(update={"aggregation": "outranking"})})
    base = places(SIX_BRANCHES, WEIGHTS)
    for row in found(kpis, by_places).iter_rows(named=True):
        rest = [i for i, kpi in enumerate(KPIS) if kpi != row["kpi"]]
        without = places(SIX_BRANCHES[:, rest], WEIGHTS[rest])
        assert row["mean_rank_shift"] == pytest.approx(np.abs(ranks(without) - ranks(base)).mean())
        assert row["largest_score_change"] == pytest.approx(np.abs(without - base).max())
