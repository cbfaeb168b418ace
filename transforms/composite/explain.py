"""Exact decompositions of a change of scores: of one mean and of a whole tree.

Pure arithmetic on arrays: the parts always sum to the change, to rounding. Rows for pairs of units are made of it
in `pair_rows.py`.
"""

from dataclasses import dataclass, fields

import numpy as np

from transforms.composite.aggregate import Array, delinearised, linearised
from transforms.composite.evaluate import inner_nodes
from transforms.framework import Aggregation, Framework


@dataclass(frozen=True)
class MeanChange:
    """Parts of the change of one mean, children × pairs; all three together sum to the change.

    `value` from scores that moved, `weight` from weights that moved (centred: a child gains by more weight
    only if it stands above the mean), `composition` from children that are there on one side alone. `slope`
    is how much of a child's own change reached the mean, value = slope · (after − before).
    """

    value: Array
    weight: Array
    composition: Array
    slope: Array


@dataclass(frozen=True)
class TreeChange:
    """Parts of the change of the index, nodes × pairs, in points of the index.

    Each part of an inner node is the sum over the leaves below it, and the three of the index, node 0, sum to
    its change. NaN in pairs where the index is missing on either side.
    """

    value: Array
    weight: Array
    composition: Array


def logarithmic_mean(a: Array, b: Array) -> Array:
    """(a − b) / ln(a / b) of positive numbers, and a where they are equal."""
    x = (a - b) / b
    tiny = np.abs(x) < 1e-12
    return np.where(tiny, b, b * np.where(tiny, 1.0, x) / np.log1p(np.where(tiny, 1.0, x)))


def mean_change(
    before: Array,
    after: Array,
    weights_before: Array,
    weights_after: Array,
    aggregation: Aggregation,
    floor: float = 1.0,
) -> MeanChange:
    """The change of a weighted mean of `before` to that of `after` (children × pairs, NaN missing), by child.

    Weights are children × pairs and relative to the children present. Arithmetic: w̄Δz and centred Δw;
    geometric: the additive logarithmic mean Divisia index (Ang 2004); harmonic: the same on inverses. All are
    one formula, since each mean is linear in f(score): Δf is split, and the secant slope ΔM/Δf of the mean
    brings it to points.

    >>> before, after = np.array([[72.0], [85.0]]), np.array([[78.0], [83.0]])
    >>> weights = np.array([[0.6], [0.4]])
    >>> mean_change(before, after, weights, weights, "arithmetic").value.ravel().round(6).tolist()
    [3.6, -0.8]
    """
    there0, there1 = ~np.isnan(before), ~np.isnan(after)
    w0, w1 = np.where(there0, weights_before, 0.0), np.where(there1, weights_after, 0.0)
    f0 = np.where(there0, linearised(before, aggregation, floor), 0.0)
    f1 = np.where(there1, linearised(after, aggregation, floor), 0.0)
    full0, full1 = _shares(w0), _shares(w1)
    mean0, mean1 = (full0 * f0).sum(axis=0), (full1 * f1).sum(axis=0)
    common = there0 & there1
    has_common = ((w0 * common).sum(axis=0) > 0) & ((w1 * common).sum(axis=0) > 0)
    common = common & has_common
    share0, share1 = _shares(w0 * common), _shares(w1 * common)
    # Without a common child the two means meet halfway: everything is composition then.
    halfway = (mean0 + mean1) / 2
    common0 = np.where(has_common, (share0 * f0).sum(axis=0), halfway)
    common1 = np.where(has_common, (share1 * f1).sum(axis=0), halfway)
    to_points = _mean_slope(common1, common0, aggregation)
    slope = to_points * (share0 + share1) / 2 * _score_slope(after, before, aggregation, floor, common)
    centre = (common0 + common1) / 2
    entering = _mean_slope(mean1, common1, aggregation) * full1 * (f1 - common1)
    leaving = _mean_slope(mean0, common0, aggregation) * full0 * (f0 - common0)
    return MeanChange(
        value=slope * np.where(common, after - before, 0.0),
        weight=to_points * ((f0 + f1) / 2 - centre) * (share1 - share0),
        composition=np.where(common, 0.0, entering - leaving),
        slope=slope,
    )


def tree_change(
    framework: Framework,
    before: Array,
    after: Array,
    weights_before: Array | None = None,
    weights_after: Array | None = None,
) -> TreeChange:
    """The change of the index between two sets of node scores (nodes × pairs), by every node of the tree.

    Scores are those of an evaluation under the framework, or of two with the same tree, means and floor whose
    weights (nodes, within their parent) are then given. A child's parts are its own change times the slope
    with which it reached the index; weight and composition parts of an inner node go to its leaves by their
    share in it.
    """
    nominal = np.array([node.weight for node in framework.nodes])
    weights0 = nominal if weights_before is None else weights_before
    weights1 = nominal if weights_after is None else weights_after
    shape = before.shape
    reach = np.zeros(shape)  # points of the index per point of the node, of what happened inside the node
    value, weight, composition = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    reach[0] = 1.0
    tree = inner_nodes(framework)
    for parent, children in tree:
        how = framework.nodes[parent].aggregation or "arithmetic"
        assert how != "outranking", "what makes up a place does not add up"
        parts = mean_change(
            before[children],
            after[children],
            np.broadcast_to(weights0[children][:, None], before[children].shape),
            np.broadcast_to(weights1[children][:, None], before[children].shape),
            how,
            framework.floor,
        )
        if framework.nodes[parent].round_to:
            parts = _up_to_rounding(parts, after[parent] - before[parent])
        inside = np.where(~np.isnan(before[parent]) & ~np.isnan(after[parent]), reach[parent], 0.0)
        share = _mean_share(before, after, weights0, weights1, parent, children)
        reach[children] = inside * parts.slope
        value[children] = inside * parts.value
        weight[children] = inside * parts.weight + share * weight[parent]
        composition[children] = inside * parts.composition + share * composition[parent]
    for parent, children in reversed(tree):
        for part in (value, weight, composition):
            part[parent] = part[children].sum(axis=0)
    undefined = np.isnan(before[0]) | np.isnan(after[0])
    return TreeChange(*(np.where(undefined, np.nan, part) for part in (value, weight, composition)))


def _up_to_rounding(parts: MeanChange, change: Array) -> MeanChange:
    """The parts of a rounded mean: each by as much larger or smaller as its rounded change is than its own."""
    total = (parts.value + parts.weight + parts.composition).sum(axis=0)
    factor = np.divide(change, total, out=np.zeros_like(total), where=np.abs(total) > 1e-12)
    return MeanChange(*(factor * getattr(parts, field.name) for field in fields(parts)))


def _shares(weights: Array) -> Array:
    total = weights.sum(axis=0)
    return weights / np.where(total > 0, total, 1.0)


def _mean_slope(after: Array, before: Array, aggregation: Aggregation) -> Array:
    """ΔM / Δf between two means given by their f, with the tangent's slope where they are the same."""
    if aggregation == "arithmetic":
        return np.ones_like(after)
    if aggregation == "geometric":
        return logarithmic_mean(delinearised(after, aggregation), delinearised(before, aggregation))
    product = before * after  # 0 where there is no mean at all
    return np.divide(-1.0, product, out=np.zeros_like(product), where=product > 0)


def _score_slope(after: Array, before: Array, aggregation: Aggregation, floor: float, common: Array) -> Array:
    """Δf / Δz of each child, 0 below the floor; 0 where it is not common to both sides."""
    if aggregation == "arithmetic":
        return np.where(common, 1.0, 0.0)
    z0, z1 = np.where(common, before, floor), np.where(common, after, floor)
    raised0, raised1 = np.maximum(z0, floor), np.maximum(z1, floor)
    inverse = logarithmic_mean(raised1, raised0) if aggregation == "geometric" else -raised0 * raised1
    crosses = (z0 < floor) != (z1 < floor)
    passed = np.where(crosses, (raised1 - raised0) / np.where(crosses, z1 - z0, 1.0), z0 >= floor)
    return np.where(common, passed / inverse, 0.0)


def _mean_share(
    before: Array, after: Array, weights0: Array, weights1: Array, parent: int, children: list[int]
) -> Array:
    """Share of each child in its parent, the mean over the sides on which the parent is there."""
    total, sides = np.zeros((len(children), before.shape[1])), np.zeros(before.shape[1])
    for scores, weights in ((before, weights0), (after, weights1)):
        is_there = ~np.isnan(scores[parent])
        own = _shares(np.where(np.isnan(scores[children]), 0.0, weights[children][:, None]))
        total += np.where(is_there, own, 0.0)
        sides += is_there
    return total / np.where(sides > 0, sides, 1.0)
