"""One framework over all units at once: KPI records to leaf scores, leaf scores up the tree to the index.

A unit is a segment in a month, a column of every array here; rows for tables are made of it in `node_rows.py`.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.composite.aggregate import Array, delinearised, linearised, places, rounded
from transforms.composite.columns import STATUSES, UNIT
from transforms.composite.leaf_scores import leaf_records
from transforms.composite.shrink import SHRUNK
from transforms.exactness import compared_array
from transforms.framework import Aggregation, Framework, Node


@dataclass(frozen=True)
class Evaluation:
    """Arrays of nodes × units, nodes in the order of `framework.nodes`, missing scores NaN.

    `value` is the KPI's own, `n` its cases and `window` the months it covers, for an inner node the most of
    any leaf that counts in it (0: none); `shrunk` has in place of a small segment's value the estimate that is scored,
    with its limits and the weight of its own cases (SHRUNK × nodes × units; NaN where nothing was shrunk);
    `effective_weight` is the weight a node really has in the unit's index (0 where it or a node above is missing),
    `coverage` the share of a node's leaf weight behind its score, `n_truncated` and `n_floored` count leaves beyond
    their goalposts and scores raised to the floor, in it or under it.
    """

    framework: Framework
    units: pl.DataFrame
    score: Array
    value: Array
    n: Array
    window: NDArray[np.int32]
    coverage: Array
    effective_weight: Array
    status: NDArray[np.int8]
    n_truncated: NDArray[np.int32]
    n_floored: NDArray[np.int32]
    shrunk: Array

    @property
    def estimate(self) -> Array:
        """The value that a leaf is scored on: shrunk where it was, else its own."""
        return np.where(np.isnan(self.shrunk[0]), self.value, self.shrunk[0])


def evaluate(kpis: pl.LazyFrame, framework: Framework) -> Evaluation:
    """The framework's nodes for every unit that has a record of a KPI that counts in it.

    `kpis` are the records of kpi.monthly, perhaps with those of kpi.windows (see `with_windows`).
    """
    leaf_scores = leaf_records(kpis, framework).collect()
    counting = [i for i, node in enumerate(framework.nodes) if node.leaf and node.overall_weight > 0]
    units = leaf_scores.filter(pl.col("node").is_in(counting)).select(UNIT).unique().sort(UNIT)
    cells = leaf_scores.join(units.with_row_index("unit"), on=UNIT)
    shape = (len(framework.nodes), units.height)
    place = (cells["node"].to_numpy(), cells["unit"].to_numpy())
    score, value, n = (np.full(shape, np.nan) for _ in range(3))
    window = np.zeros(shape, dtype=np.int32)
    status = np.full(shape, STATUSES.index("absent"), dtype=np.int8)
    truncated = np.zeros(shape, dtype=np.int32)
    score[place] = cells["score"].to_numpy()
    value[place] = cells["value"].to_numpy()
    n[place] = cells["n"].to_numpy()
    window[place] = cells["window_months"].to_numpy()
    status[place] = cells["status"].to_physical().to_numpy()
    truncated[place] = cells["is_truncated"].to_numpy()
    found = climbed(framework, units, score, value, n, window, status, truncated)
    if not framework.shrinks:
        return found
    shrunk = found.shrunk.copy()
    for part, name in zip(shrunk, SHRUNK, strict=True):
        part[place] = cells[name].to_numpy()
    return replace(found, shrunk=shrunk)


def climbed(
    framework: Framework,
    units: pl.DataFrame,
    score: Array,
    value: Array,
    n: Array,
    window: NDArray[np.int32],
    status: NDArray[np.int8],
    truncated: NDArray[np.int32],
) -> Evaluation:
    """Leaf rows of `score`, `window`, `status` and `truncated` filled in: every inner node, children before parents."""
    for i, node in enumerate(framework.nodes):
        if node.leaf and node.round_to:
            score[i] = rounded(score[i], node.round_to)
    has_leaf = ~np.isnan(score)
    share = np.zeros_like(score)
    found = Evaluation(
        framework,
        units,
        score,
        value,
        n,
        window,
        coverage=np.where(has_leaf, 1.0, 0.0),
        effective_weight=np.zeros_like(score),
        status=status,
        n_truncated=truncated,
        n_floored=np.zeros_like(truncated),
        shrunk=np.broadcast_to(np.nan, (len(SHRUNK), *score.shape)),
    )
    for parent, children in reversed(inner_nodes(framework)):
        linear = _added_up(found, parent, children, share, has_leaf)
        status[parent] = _parent_status(
            framework, framework.nodes[parent], share[parent], found.coverage[parent], has_leaf[parent], score
        )
        _score_parent(found, parent, children, linear, share[parent])
    return replace(found, effective_weight=_effective_weights(framework, share, score))


def _mean_of(node: Node) -> Aggregation:
    """The mean by which a node adds up; an index by outranking has one as well, which is not used."""
    if node.aggregation is None or node.aggregation == "outranking":
        return "arithmetic"
    return node.aggregation


def _added_up(
    found: Evaluation, parent: int, children: list[int], share: Array, has_leaf: NDArray[np.bool_]
) -> Array:
    """Fills in what a node has of its children; returns the weighted sum of their scores on the scale of its mean.

    Summed child by child, so that the result equals that of the unit alone to the last bit.
    """
    framework, score = found.framework, found.score
    mean_by = _mean_of(framework.nodes[parent])
    linear = np.zeros(score.shape[1])
    for child in children:
        weight, present = framework.nodes[child].weight, ~np.isnan(score[child])
        share[parent] += np.where(present, weight, 0.0)
        linear += np.where(present, weight * linearised(score[child], mean_by, framework.floor), 0.0)
        found.coverage[parent] += np.where(present, weight * found.coverage[child], 0.0)
        if weight > 0:
            has_leaf[parent] |= has_leaf[child]
            found.n_truncated[parent] += found.n_truncated[child]
            longest = np.where(present, found.window[child], 0)
            found.window[parent] = np.maximum(found.window[parent], longest)
            found.n_floored[parent] += found.n_floored[child]
            if mean_by != "arithmetic":
                found.n_floored[parent] += compared_array(score[child]) < framework.floor
    return linear


def _score_parent(found: Evaluation, parent: int, children: list[int], linear: Array, share: Array) -> None:
    """The score of a node whose status is known: the mean of its children, or its place among others."""
    score, status, node = found.score, found.status[parent], found.framework.nodes[parent]
    is_ok = status == STATUSES.index("ok")
    mean = np.divide(linear, share, out=np.full(len(linear), np.nan), where=is_ok)
    score[parent] = delinearised(mean, _mean_of(node))
    if node.aggregation == "outranking":
        score[parent] = _places_within_cuts(found.framework, found.units, score, children, is_ok)
        is_placed = ~np.isnan(score[parent])
        status[is_placed] = STATUSES.index("placed")
        status[is_ok & ~is_placed] = STATUSES.index("not_comparable")
    if node.round_to:
        score[parent] = rounded(score[parent], node.round_to)


def _places_within_cuts(
    framework: Framework, units: pl.DataFrame, score: Array, children: list[int], is_ok: NDArray[np.bool_]
) -> Array:
    """The place (0 to 100) of each unit among the segments of its cut and period that have all an index needs.

    NaN for others: the company, what is unknown, and a segment that is alone.
    """
    found = np.full(units.height, np.nan)
    weights = np.array([framework.nodes[child].weight for child in children])
    is_segment = (units["cut"] != "company") & (units["segment"] != "unknown")
    ranked = units.select("period", "cut").with_row_index("unit").filter(is_segment & pl.Series(is_ok))
    for _, peers in ranked.group_by("period", "cut"):
        chosen = peers["unit"].to_numpy()
        found[chosen] = places(score[children][:, chosen].T, weights)
    return found


def inner_nodes(framework: Framework) -> list[tuple[int, list[int]]]:
    """Position of every inner node with the positions of its children, parents first."""
    position = {node.code: i for i, node in enumerate(framework.nodes)}
    return [
        (i, [position[child] for child in node.children])
        for i, node in enumerate(framework.nodes)
        if node.children
    ]


def _parent_status(
    framework: Framework, node: Node, share: Array, coverage: Array, has_leaf: NDArray[np.bool_], score: Array
) -> NDArray[np.int8]:
    rule = framework.coverage
    is_covered = (share > 0) & (np.round(share, 3) >= rule.parent)
    has_required = np.ones_like(is_covered)
    if node.parent is None:
        is_covered &= np.round(coverage, 3) >= rule.index
        has_required = _has_required(framework, score)
    code = {status: np.int8(i) for i, status in enumerate(STATUSES)}
    incomplete = np.where(has_leaf, code["missing_coverage"], code["no_data"])
    return np.where(is_covered, np.where(has_required, code["ok"], code["missing_required"]), incomplete)


def _has_required(framework: Framework, score: Array) -> NDArray[np.bool_]:
    position = {node.code: i for i, node in enumerate(framework.nodes)}
    satisfied = np.ones(score.shape[1], dtype=bool)
    for code in framework.coverage.required_nodes:
        satisfied &= ~np.isnan(score[position[code]])
    for group in framework.coverage.required_groups.values():
        present, total = np.zeros(score.shape[1]), 0.0
        for code in group.leaves:
            weight = framework.nodes[position[code]].overall_weight
            present += np.where(np.isnan(score[position[code]]), 0.0, weight)
            total += weight
        satisfied &= compared_array(present) >= compared_array(group.minimum_share * total)
    return satisfied


def _effective_weights(framework: Framework, share: Array, score: Array) -> Array:
    effective = np.zeros_like(score)
    effective[0] = np.where(np.isnan(score[0]), 0.0, 1.0)
    for parent, children in inner_nodes(framework):
        for child in children:
            local = framework.nodes[child].weight / np.where(share[parent] > 0, share[parent], 1.0)
            effective[child] = np.where(np.isnan(score[child]), 0.0, effective[parent] * local)
    return effective
