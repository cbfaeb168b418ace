"""Sampling noise of scores: what the index makes of leaves whose KPIs were drawn anew.

What is uncertain here is the data, not the method (that is `robustness.py`). How cases are resampled is
`transforms/measures/resampled_cases.py`; intervals are read off the draws in `index.score_intervals`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.composite.aggregate import Array, delinearised, linearised
from transforms.composite.columns import UNIT
from transforms.composite.evaluate import Evaluation, inner_nodes
from transforms.composite.leaf_scores import known_windows, newest
from transforms.composite.normalise import banded
from transforms.framework import Leaf
from transforms.statistics.intervals import Z_95
from transforms.statistics.random_numbers import named_generator

Positions = NDArray[np.intp]


@dataclass(frozen=True)
class ResampledScores:
    """Units of one segment: their positions, the score of each inner node as units × draws, and how it was drawn.

    `by_cases` and `by_interval` say of nodes × units whether something in them was drawn so.
    """

    evaluation: Evaluation
    columns: Positions
    scores: dict[int, Array]
    by_cases: NDArray[np.bool_]
    by_interval: NDArray[np.bool_]


@dataclass(frozen=True)
class LeafSpreads:
    """One standard deviation below and above what each leaf is scored on, and its denominator: nodes × units."""

    below: Array
    above: Array
    denominator: Array


def leaf_spreads(kpi_rows: pl.LazyFrame, evaluation: Evaluation) -> LeafSpreads:
    """Spreads and denominators of the leaves' records; a spread is 0 where there is no interval."""
    leaves = pl.LazyFrame(
        [
            {"node": i, "kpi": node.leaf.kpi, "basis": node.leaf.basis}
            for i, node in enumerate(evaluation.framework.nodes)
            if node.leaf
        ]
    )
    below = (pl.col("value") - pl.col("ci_low")) / Z_95
    above = (pl.col("ci_high") - pl.col("value")) / Z_95
    units = evaluation.units.with_row_index("unit")
    chosen = pl.concat(
        units.lazy().select(
            "unit", node=pl.lit(i, dtype=pl.Int64), window_months=pl.Series(evaluation.window[i])
        )
        for i, node in enumerate(evaluation.framework.nodes)
        if node.leaf
    )
    cells = (
        known_windows(kpi_rows)
        .select(*UNIT, "kpi", "basis", "as_of", "denominator", "value", "ci_low", "ci_high", "window_months")
        .join(leaves, on=["kpi", "basis"])
        .pipe(newest, [*UNIT, "node", "window_months"])
        .join(units.lazy(), on=list(UNIT))
        .join(chosen, on=["node", "unit", "window_months"], how="semi")
        .select(
            "node",
            "unit",
            below=below.fill_nan(None).fill_null(0.0).clip(0.0),
            above=above.fill_nan(None).fill_null(0.0).clip(0.0),
            denominator=pl.col("denominator").fill_null(float("nan")),
        )
        .collect()
    )
    place = (cells["node"].to_numpy(), cells["unit"].to_numpy())
    matrices = [np.zeros_like(evaluation.score) for _ in range(3)]
    for matrix, name in zip(matrices, ("below", "above", "denominator"), strict=True):
        matrix[place] = cells[name].to_numpy()
    value, low, high, _ = evaluation.shrunk
    is_shrunk = ~np.isnan(value)
    matrices[0][is_shrunk] = ((value - low) / Z_95)[is_shrunk]
    matrices[1][is_shrunk] = ((high - value) / Z_95)[is_shrunk]
    return LeafSpreads(*matrices)


def resampled_scores(
    evaluation: Evaluation,
    rows: pl.DataFrame,
    of_cases: Mapping[int, Array],
    spreads: LeafSpreads,
    *,
    draws: int,
    seed: int,
) -> ResampledScores:
    """Scores of the inner nodes in every draw.

    `rows` are units of the evaluation, with their position in it as `column`. `of_cases` has for leaves, by position,
    the values of resampled cases, rows × draws. A leaf that has none is drawn on its own from a normal distribution
    split at its value, each half as wide as its interval on that side; without an interval it stands still. So does
    a leaf in a draw that is left without a case.
    """
    values = _all_leaves(evaluation, rows, of_cases, spreads, draws, seed)
    return _climbed_draws(evaluation, rows["column"].to_numpy(), values, of_cases)


def _all_leaves(
    evaluation: Evaluation,
    rows: pl.DataFrame,
    of_cases: Mapping[int, Array],
    spreads: LeafSpreads,
    draws: int,
    seed: int,
) -> dict[int, Array]:
    """The value of every leaf, units × draws: of cases where they give one, else spread as its record says.

    Cases are those of a single month, so a leaf that covers several months is spread by its record, and a shrunk one
    by the limits of what it was shrunk to.
    """
    leaves = {i: n.leaf.if_small for i, n in enumerate(evaluation.framework.nodes) if n.leaf and n.weight > 0}
    alone = [i for i, if_small in leaves.items() if i not in of_cases or if_small != "missing"]
    estimate = evaluation.estimate
    is_spread = (evaluation.window > 1) | ~np.isnan(evaluation.shrunk[0])
    columns = rows["column"].to_numpy()
    generators = [named_generator(seed, "alone", *unit) for unit in rows.select(UNIT).iter_rows()]
    noise = np.stack([rng.standard_normal((len(alone), draws)) for rng in generators], axis=1)
    found = {}
    for leaf, own in zip(alone, noise, strict=True):
        width = np.where(own < 0, spreads.below[leaf, columns, None], spreads.above[leaf, columns, None])
        found[leaf] = estimate[leaf, columns, None] + width * own
    for leaf, values in of_cases.items():
        of_record = found.get(leaf, estimate[leaf, columns, None])
        of_month = np.where(np.isnan(values), estimate[leaf, columns, None], values)
        found[leaf] = np.where(is_spread[leaf, columns, None], of_record, of_month)
    return found


def _climbed_draws(
    evaluation: Evaluation, columns: Positions, values: Mapping[int, Array], of_cases: Collection[int]
) -> ResampledScores:
    """Scores of the inner nodes; a unit has in every draw the nodes it has as published."""
    framework = evaluation.framework
    present = ~np.isnan(evaluation.score[:, columns])
    by_cases, by_interval = np.zeros_like(present), np.zeros_like(present)
    is_shrunk = ~np.isnan(evaluation.shrunk[0][:, columns])
    shape = next(iter(values.values())).shape
    scores: dict[int, Array] = {}
    for parent, children in reversed(inner_nodes(framework)):
        how = framework.nodes[parent].aggregation or "arithmetic"
        assert how != "outranking", "places among segments are not drawn by cases"
        linear, share = np.zeros(shape), np.zeros((len(columns), 1))
        for child in children:
            node, there = framework.nodes[child], present[child][:, None]
            if node.weight == 0 or not there.any():
                continue
            if node.leaf:
                scores[child] = _leaf_score(node.leaf, values[child])
                is_of_cases = (child in of_cases) & ~is_shrunk[child]
                by_cases[child], by_interval[child] = (
                    present[child] & is_of_cases,
                    present[child] & ~is_of_cases,
                )
            by_cases[parent] |= by_cases[child]
            by_interval[parent] |= by_interval[child]
            score = linearised(scores[child], how, framework.floor)
            linear += np.where(there, node.weight * score, 0.0)
            share += there * node.weight
        mean = linear / np.where(share > 0, share, np.nan)
        scores[parent] = np.where(present[parent][:, None], delinearised(mean, how), np.nan)
    inner = {node: scores[node] for node, _ in inner_nodes(framework)}
    return ResampledScores(evaluation, columns, inner, by_cases, by_interval)


def _leaf_score(leaf: Leaf, value: Array) -> Array:
    if leaf.bands:
        frame = pl.DataFrame({"value": value.ravel()})
        points = banded(pl.col("value"), leaf.bands.cut_points, leaf.bands.points)
        return frame.select(points).to_series().to_numpy().reshape(value.shape)
    assert leaf.goalposts, "cross-unit leaves are not drawn"
    worst, best = leaf.goalposts.worst, leaf.goalposts.best
    score: Array = np.clip((value - worst) * (100.0 / (best - worst)), 0.0, 100.0)
    return score
