"""Sampling noise: intervals of statistics, scores and grades by resampling the cases behind them.

What is uncertain here is the data, not the method (that is `robustness.py`). How cases are drawn is
`resampling.py`. Everything is seeded.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.composite.aggregate import Array, delinearised, linearised
from transforms.composite.banding import banded
from transforms.composite.evaluate import UNIT, Evaluation, evaluate, inner_nodes, known_windows
from transforms.composite.normalise import banded as banded_points
from transforms.framework import Framework, Leaf
from transforms.measures.definition import Kpi
from transforms.measures.rates import PerExposure
from transforms.measures.resampled_cases import (
    CaseLeaf,
    case_leaves,
    drawn_values,
    exposure_column,
    unit_generator,
)
from transforms.measures.segments import Facts
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
    "method": (
        pl.String,
        "cases: every KPI below is that of resampled cases; intervals: drawn from its own interval; or both.",
    ),
    "grade_shares": (
        pl.List(pl.Float64),
        "Of the index: share of the draws that has each grade of the framework's scale, best first.",
    ),
}
GRADE_COLUMNS: Columns = {
    **dict(list(INTERVAL_COLUMNS.items())[:5]),
    "grade": (pl.String, "Grade of the framework's scale, before any cap."),
    "probability": (pl.Float64, "Share of the draws in which the index has the grade."),
}
METHODS = ("", "intervals", "cases", "cases and intervals")
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
    kpi_rows: pl.LazyFrame,
    frameworks: Sequence[Framework],
    facts: Facts | None = None,
    kpis: Sequence[Kpi] = (),
    *,
    as_of: date = date.max,
    draws: int = 2000,
    seed: int = 42,
) -> pl.LazyFrame:
    """95 % intervals of the scores of inner nodes, by resampling the cases of `facts`: INTERVAL_COLUMNS.

    In every draw the `kpis` of a unit are computed from the same resampled customers, then the index. A KPI
    that one month's cases do not make (a stock, a curve, months of issue, a fact that is not there) is drawn
    on its own from a normal distribution split at its value, each half as wide as its interval on that side;
    without an interval it stands still. So does a KPI in a draw that is left without a case. A unit has in
    every draw the nodes it has as published. Frameworks that compare units have no intervals. Percentile
    intervals are narrow where a KPI has few cases, as of any bootstrap (Efron and Tibshirani 1993).
    """
    parts = [
        _interval_rows(drawn)
        for framework in frameworks
        for drawn in _drawn_units(kpi_rows, framework, facts or {}, kpis, as_of, draws, seed)
    ]
    schema = {name: dtype for name, (dtype, _) in INTERVAL_COLUMNS.items()}
    if not parts:
        return pl.LazyFrame(schema=schema)
    return pl.concat(parts).select(pl.col(name).cast(dtype) for name, dtype in schema.items()).lazy()


def grade_probabilities(intervals: pl.LazyFrame, frameworks: Sequence[Framework]) -> pl.LazyFrame:
    """Probability of each grade of each unit's index, from the table of `score_intervals`: GRADE_COLUMNS.

    Grades of probability 0 are left out. The keys are (period, cut, segment).
    """
    scales = pl.LazyFrame(
        [(f.code, f.version, list(f.grades.scale)) for f in frameworks if f.grades],
        schema={"framework": pl.String, "framework_version": pl.String, "grade": pl.List(pl.String)},
        orient="row",
    )
    return (
        intervals.filter(pl.col("grade_shares").is_not_null(), pl.col("node") == "index")
        .join(scales, on=["framework", "framework_version"])
        .rename({"grade_shares": "probability"})
        .select(list(GRADE_COLUMNS))
        .explode("grade", "probability")
        .filter(pl.col("probability") > 0)
    )


@dataclass(frozen=True)
class _Drawn:
    """Units of one segment: their positions, the score of each inner node as units × draws, and by which way.

    `by_cases` and `by_interval` say of nodes × units whether something in them was drawn so.
    """

    evaluation: Evaluation
    columns: Positions
    scores: dict[int, Array]
    by_cases: NDArray[np.bool_]
    by_interval: NDArray[np.bool_]


def _interval_rows(drawn: _Drawn) -> pl.DataFrame:
    """The rows of INTERVAL_COLUMNS of these units."""
    evaluation, framework = drawn.evaluation, drawn.evaluation.framework
    nodes, size = sorted(drawn.scores), len(drawn.columns)
    low, high = np.percentile(np.stack([drawn.scores[node] for node in nodes]), [2.5, 97.5], axis=2)
    way = (2 * drawn.by_cases + drawn.by_interval)[nodes]
    shares = _grade_shares(drawn.scores[0], framework) + [None] * (size * (len(nodes) - 1))
    codes = pl.Series([framework.nodes[node].code for node in nodes])
    return (
        evaluation.units[np.tile(drawn.columns, len(nodes))]
        .with_columns(
            framework=pl.lit(framework.code),
            framework_version=pl.lit(framework.version),
            node=codes.gather(np.repeat(np.arange(len(nodes)), size)),
            score=pl.Series(evaluation.score[nodes][:, drawn.columns].ravel()),
            score_low=pl.Series(low.ravel()),
            score_high=pl.Series(high.ravel()),
            method=pl.Series(METHODS).gather(way.ravel()),
            grade_shares=pl.Series(shares, dtype=pl.List(pl.Float64)),
        )
        .filter(pl.col("score").is_not_nan())
    )


def _grade_shares(scores: Array, framework: Framework) -> list[list[float] | None]:
    """Share of the draws in each grade of the scale, by unit; empty without grades or without an index."""
    if not framework.grades:
        return [None] * len(scores)
    position = banded(scores, framework.grades)
    shares = np.stack([(position == i).mean(axis=1) for i in range(len(framework.grades.scale))], axis=1)
    return [None if np.isnan(unit[0]) else row for unit, row in zip(scores, shares.tolist(), strict=True)]


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


def _drawn_units(
    kpi_rows: pl.LazyFrame,
    framework: Framework,
    facts: Facts,
    kpis: Sequence[Kpi],
    as_of: date,
    draws: int,
    seed: int,
) -> Iterator[_Drawn]:
    """The drawn scores of all units with a score of an inner node, segment by segment."""
    if framework.is_cross_unit:
        return
    evaluation = evaluate(kpi_rows, framework)
    records = _records(kpi_rows, evaluation)
    leaves = case_leaves(framework, kpis, facts, as_of)
    is_scored = ~np.isnan(evaluation.score[[i for i, _ in inner_nodes(framework)]]).all(axis=0)
    units = _with_exposures(evaluation.units.with_row_index("column"), leaves, records)
    for (cut,), some in units.filter(pl.Series(is_scored)).group_by("cut", maintain_order=True):
        for rows, of_cases in drawn_values(leaves, facts, str(cut), some, draws=draws, seed=seed):
            values = _all_leaves(evaluation, rows, of_cases, records, draws, seed)
            yield _climbed_draws(evaluation, rows["column"].to_numpy(), values, of_cases)


@dataclass(frozen=True)
class _Records:
    """One standard deviation below and above each leaf's value, and its denominator: nodes × units."""

    below: Array
    above: Array
    denominator: Array


def _records(kpi_rows: pl.LazyFrame, evaluation: Evaluation) -> _Records:
    """What the records of the leaves say beside their values; 0 where there is no interval."""
    leaves = pl.LazyFrame(
        [
            {"node": i, "kpi": node.leaf.kpi, "basis": node.leaf.basis}
            for i, node in enumerate(evaluation.framework.nodes)
            if node.leaf
        ]
    )
    below = (pl.col("value") - pl.col("ci_low")) / NORMAL_95
    above = (pl.col("ci_high") - pl.col("value")) / NORMAL_95
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
        .sort("as_of")
        .unique([*UNIT, "node", "window_months"], keep="last")
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
    return _Records(*matrices)


def _with_exposures(units: pl.DataFrame, leaves: Sequence[CaseLeaf], records: _Records) -> pl.DataFrame:
    """The units with the exposure of every leaf that is a rate, as its record has it."""
    return units.with_columns(
        pl.Series(exposure_column(leaf.node), records.denominator[leaf.node] * leaf.kpi.measure.per)
        for leaf in leaves
        if isinstance(leaf.kpi.measure, PerExposure)
    )


def _all_leaves(
    evaluation: Evaluation,
    rows: pl.DataFrame,
    of_cases: Mapping[int, Array],
    records: _Records,
    draws: int,
    seed: int,
) -> dict[int, Array]:
    """The value of every leaf, units × draws: of cases where they give one, else spread as its record says.

    Cases are those of one month, so a leaf that is taken over more of them is spread by its record.
    """
    leaves = {
        i: n.leaf.most_months for i, n in enumerate(evaluation.framework.nodes) if n.leaf and n.weight > 0
    }
    alone = [i for i, most_months in leaves.items() if i not in of_cases or most_months > 1]
    columns = rows["column"].to_numpy()
    generators = [unit_generator(seed, "alone", *unit) for unit in rows.select(UNIT).iter_rows()]
    noise = np.stack([rng.standard_normal((len(alone), draws)) for rng in generators], axis=1)
    found = {}
    for leaf, own in zip(alone, noise, strict=True):
        width = np.where(own < 0, records.below[leaf, columns, None], records.above[leaf, columns, None])
        found[leaf] = evaluation.value[leaf, columns, None] + width * own
    for leaf, values in of_cases.items():
        of_months = found.get(leaf, evaluation.value[leaf, columns, None])
        is_longer = evaluation.window[leaf, columns, None] > 1
        of_month = np.where(np.isnan(values), evaluation.value[leaf, columns, None], values)
        found[leaf] = np.where(is_longer, of_months, of_month)
    return found


def _climbed_draws(
    evaluation: Evaluation, columns: Positions, values: Mapping[int, Array], of_cases: Collection[int]
) -> _Drawn:
    """Scores of the inner nodes; a unit has in every draw the nodes it has as published."""
    framework = evaluation.framework
    present = ~np.isnan(evaluation.score[:, columns])
    by_cases, by_interval = np.zeros_like(present), np.zeros_like(present)
    shape = next(iter(values.values())).shape
    scores: dict[int, Array] = {}
    for parent, children in reversed(inner_nodes(framework)):
        how = framework.nodes[parent].aggregation or "arithmetic"
        linear, share = np.zeros(shape), np.zeros((len(columns), 1))
        for child in children:
            node, there = framework.nodes[child], present[child][:, None]
            if node.weight == 0 or not there.any():
                continue
            if node.leaf:
                scores[child] = _leaf_score(node.leaf, values[child])
                (by_cases if child in of_cases else by_interval)[child] = present[child]
            by_cases[parent] |= by_cases[child]
            by_interval[parent] |= by_interval[child]
            score = linearised(scores[child], how, framework.floor)
            linear += np.where(there, node.weight * score, 0.0)
            share += there * node.weight
        mean = linear / np.where(share > 0, share, np.nan)
        scores[parent] = np.where(present[parent][:, None], delinearised(mean, how), np.nan)
    inner = {node: scores[node] for node, _ in inner_nodes(framework)}
    return _Drawn(evaluation, columns, inner, by_cases, by_interval)


def _leaf_score(leaf: Leaf, value: Array) -> Array:
    if leaf.bands:
        frame = pl.DataFrame({"value": value.ravel()})
        points = banded_points(pl.col("value"), leaf.bands.cut_points, leaf.bands.points)
        return frame.select(points).to_series().to_numpy().reshape(value.shape)
    assert leaf.goalposts, "cross-unit leaves are not drawn"
    worst, best = leaf.goalposts.worst, leaf.goalposts.best
    score: Array = np.clip((value - worst) * (100.0 / (best - worst)), 0.0, 100.0)
    return score
