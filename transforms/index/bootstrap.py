"""Sampling noise: intervals of a statistic by resampling cases, of scores and grades from those of KPIs.

What is uncertain here is the data, not the method (that is `robustness.py`). Everything is seeded.
"""

from collections.abc import Callable, Iterator, Sequence
from statistics import NormalDist
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.index.aggregate import Array, delinearised, linearised
from transforms.index.evaluate import UNIT, Evaluation, evaluate, inner_nodes
from transforms.index.framework import CROSS_UNIT, Framework, Leaf
from transforms.index.grades import banded
from transforms.index.normalise import banded as banded_points
from transforms.model import Columns

INTERVAL_COLUMNS: Columns = {
    "framework": (pl.String, "Code of the framework."),
    "framework_version": (pl.String, "Version of the framework."),
    "period": (pl.Date, "Month, as its first day."),
    "cut": (pl.String, "What the segment is a segment of."),
    "segment": (pl.String, "The segment."),
    "node": (pl.String, "Inner node of the tree; the index itself is called index."),
    "score": (pl.Float64, "Score as published."),
    "score_low": (pl.Float64, "2.5th percentile of the score over the draws."),
    "score_high": (pl.Float64, "97.5th percentile of the score over the draws."),
}
GRADE_COLUMNS: Columns = {
    **dict(list(INTERVAL_COLUMNS.items())[:5]),
    "grade": (pl.String, "Grade of the framework's scale, before any cap."),
    "probability": (pl.Float64, "Share of the draws in which the index has the grade."),
}
# Units times draws that climb the tree together: so many stay in the processor's cache.
CELLS_AT_ONCE = 100_000
Positions = NDArray[np.intp]
NORMAL_95 = NormalDist().inv_cdf(0.975)


def bootstrap_interval(
    cases: Array,
    statistic: Callable[[Array], Array],
    *,
    method: Literal["percentile", "bca"] = "bca",
    draws: int = 2000,
    seed: int = 42,
) -> tuple[float, float]:
    """95 % interval of a statistic of independent cases, by resampling them (Efron and Tibshirani 1993).

    `statistic` takes samples × cases and gives one number a sample. "bca" corrects the percentiles for bias
    and, by the jackknife, for skew. Cases of one customer are not independent: for them there is
    `transforms/statistics/bootstrap.py`.
    """
    chosen = np.random.default_rng(seed).integers(len(cases), size=(draws, len(cases)))
    estimates = statistic(cases[chosen])
    ends = (0.025, 0.975)
    if method == "bca":
        ends = _corrected(ends, cases, statistic, estimates)
    low, high = np.quantile(estimates, ends)
    return float(low), float(high)


def score_intervals(
    kpi_monthly: pl.LazyFrame, frameworks: Sequence[Framework], *, draws: int = 2000, seed: int = 42
) -> pl.LazyFrame:
    """95 % intervals of the scores of inner nodes, from the intervals of the KPIs: INTERVAL_COLUMNS.

    Each KPI is drawn from a normal distribution split at its value, each half as wide as the KPI's own
    interval on that side; a KPI without an interval stands still. All units share the draws, so a unit's
    interval does not depend on the others, and no difference between units may be read from them. Frameworks
    that compare units have none. The keys are (period, cut, segment).
    """
    parts = [
        pl.DataFrame(
            {
                "node": [evaluation.framework.nodes[node].code] * len(columns),
                "score": evaluation.score[node, columns],
                "score_low": low,
                "score_high": high,
            }
        ).with_columns(_unit_columns(evaluation, columns))
        for framework in frameworks
        for evaluation, columns, scores in _drawn_scores(kpi_monthly, framework, draws, seed)
        for node, (low, high) in _ends(scores).items()
    ]
    return _table(parts, INTERVAL_COLUMNS).filter(pl.col("score").is_not_nan())


def grade_probabilities(
    kpi_monthly: pl.LazyFrame, frameworks: Sequence[Framework], *, draws: int = 2000, seed: int = 42
) -> pl.LazyFrame:
    """Probability of each grade of each unit's index, from the draws of `score_intervals`: GRADE_COLUMNS.

    Grades of probability 0 are left out. The keys are (period, cut, segment).
    """
    parts = []
    for framework in frameworks:
        if framework.grades:
            names = list(framework.grades.scale)
            for evaluation, columns, scores in _drawn_scores(kpi_monthly, framework, draws, seed):
                position = banded(scores[0], framework.grades)
                for i, name in enumerate(names):
                    share = (position == i).mean(axis=1)
                    part = pl.DataFrame({"probability": share}).with_columns(
                        _unit_columns(evaluation, columns), grade=pl.lit(name)
                    )
                    parts.append(part.filter(pl.col("probability") > 0))
    return _table(parts, GRADE_COLUMNS)


def _corrected(
    ends: tuple[float, float], cases: Array, statistic: Callable[[Array], Array], estimates: Array
) -> tuple[float, float]:
    """The probabilities at which the draws have the bias-corrected and accelerated ends."""
    normal = NormalDist()
    rest = cases[[[j for j in range(len(cases)) if j != i] for i in range(len(cases))]]
    jackknife = statistic(rest)
    deviation = jackknife.mean() - jackknife
    spread = (deviation**2).sum() ** 1.5
    acceleration = (deviation**3).sum() / (6 * spread) if spread else 0.0
    observed = statistic(cases[None, :])[0]
    below = (np.mean(estimates < observed) + np.mean(estimates <= observed)) / 2
    one_draw = 1 / (2 * len(estimates))
    bias = normal.inv_cdf(min(max(float(below), one_draw), 1 - one_draw))
    shifted = [bias + normal.inv_cdf(end) for end in ends]
    low, high = (normal.cdf(bias + x / (1 - acceleration * x)) for x in shifted)
    return low, high


def _drawn_scores(
    kpi_monthly: pl.LazyFrame, framework: Framework, draws: int, seed: int
) -> Iterator[tuple[Evaluation, Positions, dict[int, Array]]]:
    """Scores of every inner node (units × draws), so many units at a time as memory allows."""
    if any(node.leaf and node.leaf.normalisation in CROSS_UNIT for node in framework.nodes):
        return
    evaluation = evaluate(kpi_monthly, framework)
    below, above = _half_widths(kpi_monthly, evaluation)
    noise = np.random.default_rng(seed).standard_normal((len(framework.nodes), draws))
    step = max(CELLS_AT_ONCE // draws, 1)
    scored = np.flatnonzero(~np.isnan(evaluation.score[0]))
    for begin in range(0, len(scored), step):
        columns = scored[begin : begin + step]
        yield evaluation, columns, _climbed_draws(evaluation, columns, below, above, noise)


def _half_widths(kpi_monthly: pl.LazyFrame, evaluation: Evaluation) -> tuple[Array, Array]:
    """One standard deviation below and above the value of each leaf, nodes × units; 0 without an interval."""
    leaves = pl.LazyFrame(
        [
            {"node": i, "kpi": node.leaf.kpi, "basis": node.leaf.basis}
            for i, node in enumerate(evaluation.framework.nodes)
            if node.leaf
        ]
    )
    cells = (
        kpi_monthly.select(*UNIT, "kpi", "basis", "as_of", "value", "ci_low", "ci_high")
        .join(leaves, on=["kpi", "basis"])
        .sort("as_of")
        .unique([*UNIT, "node"], keep="last")
        .join(evaluation.units.lazy().with_row_index("unit"), on=list(UNIT))
        .select(
            "node",
            "unit",
            below=((pl.col("value") - pl.col("ci_low")) / NORMAL_95).fill_nan(None).fill_null(0.0).clip(0.0),
            above=((pl.col("ci_high") - pl.col("value")) / NORMAL_95).fill_nan(None).fill_null(0.0).clip(0.0),
        )
        .collect()
    )
    below, above = np.zeros_like(evaluation.score), np.zeros_like(evaluation.score)
    place = (cells["node"].to_numpy(), cells["unit"].to_numpy())
    below[place], above[place] = cells["below"].to_numpy(), cells["above"].to_numpy()
    return below, above


def _climbed_draws(
    evaluation: Evaluation,
    columns: Positions,
    below: Array,
    above: Array,
    noise: Array,
) -> dict[int, Array]:
    """Scores of the inner nodes, units × draws; a unit has in every draw the nodes it has as published."""
    framework = evaluation.framework
    present = ~np.isnan(evaluation.score[:, columns])
    shape = (len(columns), noise.shape[1])
    result: dict[int, Array] = {}
    for parent, children in reversed(inner_nodes(framework)):
        how = framework.nodes[parent].aggregation or "arithmetic"
        linear, share = np.zeros(shape), np.zeros((len(columns), 1))
        for child in children:
            node, there = framework.nodes[child], present[child][:, None]
            if node.weight == 0 or not there.any():
                continue
            if node.leaf:
                width = np.where(noise[child] < 0, below[child, columns, None], above[child, columns, None])
                value = evaluation.value[child, columns, None] + width * noise[child]
                score = _leaf_score(node.leaf, value)
            else:
                score = result[child]
            linear += np.where(there, node.weight * linearised(score, how, framework.floor), 0.0)
            share += there * node.weight
        mean = linear / np.where(share > 0, share, np.nan)
        result[parent] = np.where(present[parent][:, None], delinearised(mean, how), np.nan)
    return result


def _leaf_score(leaf: Leaf, value: Array) -> Array:
    if leaf.bands:
        frame = pl.DataFrame({"value": value.ravel()})
        points = banded_points(pl.col("value"), leaf.bands.cut_points, leaf.bands.points)
        return frame.select(points).to_series().to_numpy().reshape(value.shape)
    assert leaf.goalposts, "cross-unit leaves are not drawn"
    worst, best = leaf.goalposts.worst, leaf.goalposts.best
    score: Array = np.clip((value - worst) * (100.0 / (best - worst)), 0.0, 100.0)
    return score


def _ends(scores: dict[int, Array]) -> dict[int, tuple[Array, Array]]:
    """2.5th and 97.5th percentile of each node's draws, per unit."""
    return {node: tuple(np.percentile(draws, [2.5, 97.5], axis=1)) for node, draws in sorted(scores.items())}


def _unit_columns(evaluation: Evaluation, columns: Positions) -> list[pl.Series]:
    units = evaluation.units[columns]
    framework = evaluation.framework
    labels = {"framework": framework.code, "framework_version": framework.version}
    constant = [pl.Series(name, [label] * len(columns), dtype=pl.String) for name, label in labels.items()]
    return [*constant, *units.get_columns()]


def _table(parts: list[pl.DataFrame], columns: Columns) -> pl.LazyFrame:
    schema = {name: dtype for name, (dtype, _) in columns.items()}
    if not parts:
        return pl.LazyFrame(schema=schema)
    return pl.concat([part.select(list(schema)) for part in parts]).lazy()
