"""Weights that a version is frozen with: worked out from the children up, once, and kept when the data change."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from index_examples import (
    FEBRUARY,
    FIVE_BRANCHES,
    FIVE_SCORES,
    JANUARY,
    KPIS,
    MARCH,
    POSTS,
    branch_records,
    framework,
    leaf,
)

from transforms.composite.evaluate import evaluate
from transforms.composite.weighing import UnknownWeights, with_frozen_weights
from transforms.composite.weighting_methods import critic
from transforms.framework import Framework
from transforms.framework_versions import redefined, specification, with_published_weights

BASE = {"cut": "org_unit", "first": JANUARY, "last": FEBRUARY}
LEAVES = {kpi: leaf(kpi, *posts) for kpi, posts in zip(KPIS, POSTS, strict=True)}


def by(method: str, **more: object) -> Framework:
    return framework(LEAVES, weights={"method": method}, **{"weight_base": BASE, **more})


def weights(spec: Framework) -> list[float]:
    return [node.weight for node in spec.nodes[1:]]


def test_weights_are_those_of_the_named_months_and_no_others():
    """January and February on either side of the worked example; March would say something else."""
    apart = np.array([0.1, 0.1, 0.01, 0.1])
    around = [
        branch_records(FIVE_BRANCHES + side * apart, period=month)
        for side, month in ((1, JANUARY), (-1, FEBRUARY))
    ]
    other = branch_records(FIVE_BRANCHES[::-1] * [1, 1, 0.5, 1.1], period=MARCH)
    frozen = with_frozen_weights(by("entropy"), pl.concat([*around, other]), {})
    assert frozen.awaiting_weights == []
    assert weights(frozen) == pytest.approx([0.360014, 0.108855, 0.512724, 0.018408], abs=1e-6)
    index = evaluate(branch_records(FIVE_BRANCHES), frozen)
    best = [92.857143, 94.285714, 80, 82] @ np.array(weights(frozen))
    assert index.score[0][0] == pytest.approx(best, abs=1e-6)


def test_parents_are_weighed_by_what_their_children_come_to():
    two = {
        "a": {"children": {kpi: LEAVES[kpi] for kpi in KPIS[:2]}},
        "b": {"children": {kpi: LEAVES[kpi] for kpi in KPIS[2:]}},
    }
    spec = framework(two, weights_by_level=["critic", "entropy"], weight_base=BASE)
    assert [node.code for node in spec.awaiting_weights] == ["a", "b", "index"]
    found = with_frozen_weights(spec, branch_records(FIVE_BRANCHES), {})
    first, second = found.frozen_weights["days"], found.frozen_weights["complaints"]
    assert (first, second) == pytest.approx((0.360014 / 0.468869, 0.512724 / 0.531132), abs=1e-5)
    halves = np.stack(
        [FIVE_SCORES[:, :2] @ [first, 1 - first], FIVE_SCORES[:, 2:] @ [second, 1 - second]], axis=1
    )
    assert [found.frozen_weights[code] for code in "ab"] == pytest.approx(critic(halves), abs=1e-5)


@pytest.mark.parametrize(
    ("values", "method", "reason"),
    [
        (FIVE_BRANCHES[:2], "pca", "fewer than 3 segments"),
        (FIVE_BRANCHES[[0, 0, 0]], "critic", "the segments do not differ"),
        (FIVE_BRANCHES, "factor_loadings", "no survey of the base period gives factor weights"),
    ],
)
def test_data_that_give_no_weights_are_refused(values, method, reason):
    with pytest.raises(
        UnknownWeights, match=f"example version 1: {method} gives the children of index no .*{reason}"
    ):
        with_frozen_weights(by(method), branch_records(values), {})


def test_a_published_version_keeps_its_weights_whatever_the_data_say_later():
    before = with_frozen_weights(by("entropy"), branch_records(FIVE_BRANCHES), {})
    published = [("example", "1", specification(before), datetime(2025, 3, 1, tzinfo=UTC))]
    (again,) = with_published_weights([by("entropy")], published)
    assert again == before
    assert redefined([by("entropy")], published) == []
    changed = branch_records(FIVE_BRANCHES[::-1] * [1, 1, 0.5, 1.1])
    assert with_frozen_weights(again, changed, {}) == before
    assert weights(with_frozen_weights(by("entropy"), changed, {})) != pytest.approx(
        weights(before), abs=0.01
    )


@pytest.mark.parametrize(
    "now",
    [
        by("critic"),
        by("entropy", weight_base={**BASE, "last": date(2025, 3, 31)}),
        by("entropy", frozen_weights={"days": 1, "persistency": 1, "complaints": 1, "satisfaction": 1}),
    ],
)
def test_another_method_base_or_weight_needs_another_version(now):
    before = with_frozen_weights(by("entropy"), branch_records(FIVE_BRANCHES), {})
    published = [("example", "1", specification(before), datetime(2025, 3, 1, tzinfo=UTC))]
    assert [f for f, _ in redefined([now], published)], "the same version with another meaning"
    later = now.model_copy(update={"version": "2"})
    assert redefined([later], published) == []
