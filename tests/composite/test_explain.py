"""What moves a mean and a tree: worked decompositions, and the law that parts sum to the change in any tree."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_examples import framework, leaf

from transforms.composite.columns import STATUSES
from transforms.composite.evaluate import Evaluation, climbed
from transforms.composite.explain import mean_change, tree_change
from transforms.framework import Framework

BEFORE = np.array([72.0, 85, 64, 78])
AFTER = np.array([78.0, 83, 70, 70])
OLD = np.array([0.35, 0.30, 0.20, 0.15])
NEW = np.array([0.40, 0.25, 0.20, 0.15])


def parts(how, before=BEFORE, after=AFTER, old=OLD, new=OLD):
    """Value, weight and composition parts of one change."""
    change = mean_change(*(x[:, None] for x in (before, after, old, new)), how)
    return change.value[:, 0], change.weight[:, 0], change.composition[:, 0]


def test_arithmetic_with_fixed_weights():
    value, weight, composition = parts("arithmetic")
    assert value == pytest.approx([2.1, -0.6, 1.2, -1.2])
    assert weight.tolist() == composition.tolist() == [0, 0, 0, 0]


def test_arithmetic_weight_changes_are_centred():
    value, weight, _ = parts("arithmetic", new=NEW)
    assert value == pytest.approx([2.25, -0.55, 1.2, -1.2])
    assert weight == pytest.approx([-0.04125, -0.40875, 0, 0])
    assert (value + weight).sum() == pytest.approx(1.25)


def test_geometric_is_the_logarithmic_mean_divisia_index():
    value, weight, _ = parts("geometric")
    assert value == pytest.approx([2.119535, -0.540435, 1.355963, -1.228072], abs=5e-7)
    assert value.sum() == pytest.approx(1.7069908099, abs=1e-9)
    assert weight.tolist() == [0, 0, 0, 0]
    value, weight, _ = parts("geometric", new=NEW)
    assert value == pytest.approx([2.267393, -0.494627, 1.353851, -1.226159], abs=5e-7)
    assert weight == pytest.approx([-0.030034, -0.400762, 0, 0], abs=5e-7)
    assert (value + weight).sum() == pytest.approx(1.4696621167, abs=1e-9)


def test_a_kpi_that_enters_is_composition():
    without_fourth = np.where([False, False, False, True], np.nan, BEFORE)
    value, weight, composition = parts("arithmetic", before=without_fourth)
    assert value.sum() == pytest.approx(3.176470588)
    assert composition == pytest.approx([0, 0, 0, -1.182352941])
    assert weight.tolist() == [0, 0, 0, 0]
    left, _, gone = parts("arithmetic", before=AFTER, after=without_fourth)
    assert left.sum() == pytest.approx(-value.sum())
    assert gone == pytest.approx(-composition)


@st.composite
def trees(draw):
    """A framework of random depth, means, weights (some 0) and thresholds, and how many leaves it has."""
    counter = iter(range(1000))
    means = st.sampled_from(["arithmetic", "geometric", "harmonic"])
    weights = st.one_of(st.just(0.0), st.floats(0.01, 1))

    def node(depth: int) -> dict:
        if depth == 0 or (depth < 3 and draw(st.booleans())):
            code = f"k{next(counter)}"
            return {**leaf(code), "weight": draw(weights)}
        children = [node(depth - 1) for _ in range(draw(st.integers(1, 4)))]
        children[0]["weight"] = 0.5  # at least one counts
        codes = [child.get("kpi") or f"g{next(counter)}" for child in children]
        tree = dict(zip(codes, children, strict=True))
        return {"aggregation": draw(means), "children": tree, "weight": draw(weights)}

    root = node(3)
    rule = {"parent": draw(st.sampled_from([0, 0.3, 0.667])), "index": 0}
    return framework(root["children"], aggregation=root["aggregation"], coverage=rule)


def reweighted(spec: Framework, generator: np.random.Generator) -> Framework:
    """The same tree with other weights."""

    def node(given: dict) -> dict:
        children = {code: node(child) for code, child in given.get("children", {}).items()}
        weight = (
            float(generator.choice([0.0, generator.uniform(0.01, 1)])) if generator.random() < 0.3 else 0.7
        )
        return {**given, "weight": weight, **({"children": children} if children else {})}

    content = spec.model_dump(exclude_unset=True)
    root = {
        **content["index"],
        "children": {code: node(c) for code, c in content["index"]["children"].items()},
    }
    return Framework.model_validate({**content, "index": root})


def evaluated(spec: Framework, leaf_scores: np.ndarray) -> Evaluation:
    """The tree climbed from leaf scores (nodes × units; rows of inner nodes are overwritten)."""
    units = pl.DataFrame({"unit": np.arange(leaf_scores.shape[1])})
    status = np.full(leaf_scores.shape, STATUSES.index("ok"), dtype=np.int8)
    clipped = np.zeros(leaf_scores.shape, dtype=np.int32)
    n, window = np.full(leaf_scores.shape, 100.0), np.ones(leaf_scores.shape, dtype=np.int32)
    return climbed(spec, units, leaf_scores.copy(), leaf_scores, n, window, status, clipped)


def random_scores(spec: Framework, generator: np.random.Generator, units: int) -> np.ndarray:
    """Leaf scores with zeros, ties, values about the floor, equal months and gaps."""
    values = generator.uniform(0, 100, size=(len(spec.nodes), units))
    kind = generator.random(values.shape)
    values = np.where(kind < 0.15, 0.0, np.where(kind < 0.3, generator.uniform(0, 2, values.shape), values))
    values = np.where((kind > 0.3) & (kind < 0.4), 50.0, values)
    values = np.where(kind > 0.85, np.nan, values)
    values[[not node.leaf for node in spec.nodes]] = np.nan
    return values


@settings(max_examples=150)
@given(trees(), st.integers(0, 2**32 - 1), st.booleans())
def test_contributions_sum_to_the_change_in_any_tree(spec, seed, new_weights):
    """To 1e-9, with missing KPIs, whole branches missing, zeros under the floor, equal months, new weights."""
    generator = np.random.default_rng(seed)
    leaf_scores = random_scores(spec, generator, 40)
    leaf_scores[:, 20:24] = leaf_scores[:, 0:4]
    other = reweighted(spec, generator) if new_weights else spec
    before = evaluated(spec, leaf_scores[:, :20]).score
    after = evaluated(other, leaf_scores[:, 20:]).score
    weights = [np.array([node.weight for node in each.nodes]) for each in (spec, other)]
    change = tree_change(spec, before, after, *weights)
    total = change.value + change.weight + change.composition
    there = ~np.isnan(before[0]) & ~np.isnan(after[0])
    assert np.isnan(total[:, ~there]).all()
    leaves = [node.leaf is not None for node in spec.nodes]
    moved = after[0, there] - before[0, there]
    assert total[leaves][:, there].sum(axis=0) == pytest.approx(moved, abs=1e-9)
    position = {node.code: i for i, node in enumerate(spec.nodes)}
    for i, node in enumerate(spec.nodes):
        if node.children:
            below = total[[position[child] for child in node.children]][:, there].sum(axis=0)
            assert total[i, there] == pytest.approx(below, abs=1e-9)
    if not new_weights:
        assert np.abs(change.weight[:, there]).max(initial=0) < 1e-9
        same = there[:4]
        assert np.abs(total[:, :4][:, same]).max(initial=0) < 1e-9


def test_only_the_leaf_that_moved_contributes():
    spec = framework(
        {
            "claims": {"weight": 0.6, "children": {"a": leaf("a"), "b": leaf("b")}},
            "voice": leaf("voice", weight=0.4),
        },
        aggregation="geometric",
    )
    leaf_scores = np.array([[np.nan] * 2, [np.nan] * 2, [80.0, 60.0], [40.0, 40.0], [50.0, 50.0]])
    score = evaluated(spec, leaf_scores).score
    change = tree_change(spec, score[:, :1], score[:, 1:])
    moved = score[0, 1] - score[0, 0]
    assert change.value[:, 0] == pytest.approx([moved, moved, moved, 0, 0])
