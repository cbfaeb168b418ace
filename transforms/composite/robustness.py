"""How far the index is a matter of method: Monte Carlo over its choices, drop-one, influence of each KPI.

The choices (normalisation, weights, means) vary here while the data stand still; noise in the data is
`resampled_scores.py`, and which choice matters most is `sobol.py`. All segments of a cut and month are done at once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.composite import normalise
from transforms.composite.aggregate import Array, delinearised, linearised, places, ranks
from transforms.composite.evaluate import Evaluation, evaluate, inner_nodes
from transforms.composite.weighting_methods import influence
from transforms.framework import Aggregation, Framework
from transforms.model import Columns

Choice = NDArray[np.int64]
# Units × draws that climb the tree together: this many fit in the processor's cache.
CELLS_AT_ONCE = 50_000

# A single segment has no ranking.
FEWEST_RANKED = 2


@dataclass(frozen=True)
class Alternatives:
    """The choices a draw makes: one normalisation, one mean for every node, each weight times U(1 ± spread)."""

    normalisations: tuple[str, ...] = ("goalposts", "min_max", "z_score")
    aggregations: tuple[Aggregation, ...] = ("arithmetic", "geometric", "harmonic")
    weight_spread: float = 0.25


@dataclass(frozen=True)
class Sample:
    """Segments of one cut that have an index in one month: their scores under each normalisation, nodes × units.

    Inner rows of `normalised` are empty; `present` says which nodes each unit has, whatever the draw.
    "goalposts" is the normalisation that the framework itself gives the leaf.
    """

    framework: Framework
    period: date
    cut: str
    segments: pl.Series
    normalised: dict[str, Array]
    present: NDArray[np.bool_]
    index: Array


@dataclass(frozen=True)
class Draws:
    """Which normalisation and mean each draw takes (positions) and its weights, nodes × draws."""

    normalisation: Choice
    aggregation: Choice
    weights: Array


def samples(
    kpis: pl.LazyFrame, frameworks: Sequence[Framework], *, newest_only: bool = False
) -> Iterator[Sample]:
    """The sample of every framework, cut and month (or the cut's newest) that has segments to rank."""
    parts = kpis.filter(pl.col("cut") != "company", pl.col("segment") != "unknown")
    for framework in frameworks:
        evaluation = evaluate(parts, framework)
        scored = evaluation.units.filter(~np.isnan(evaluation.score[0]))
        ranked = scored.group_by("cut", "period").agg(n=pl.len()).filter(pl.col("n") >= FEWEST_RANKED)
        if newest_only:
            ranked = ranked.filter(pl.col("period") == pl.col("period").max().over("cut"))
        for cut, period in ranked.sort("cut", "period").select("cut", "period").iter_rows():
            yield sample(evaluation, period, cut)


def sample_rows(
    found: Iterable[Sample], rows: Callable[[Sample], pl.DataFrame], columns: Columns
) -> pl.LazyFrame:
    """`rows` of every sample with the names of its framework, month and cut, as `columns`."""
    schema = {name: dtype for name, (dtype, _) in columns.items()}
    parts = [
        rows(one)
        .with_columns(
            framework=pl.lit(one.framework.code),
            framework_version=pl.lit(one.framework.version),
            period=pl.lit(one.period),
            cut=pl.lit(one.cut),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in schema.items())
        for one in found
    ]
    return pl.concat([pl.DataFrame(schema=schema), *parts]).lazy()


def sample(evaluation: Evaluation, period: date, cut: str) -> Sample:
    """The segments of one month and cut that have an index, under goalposts, min–max and z (50 + 10 z)."""
    chosen = (evaluation.units["period"] == period) & (evaluation.units["cut"] == cut)
    columns = np.flatnonzero(chosen.to_numpy() & ~np.isnan(evaluation.score[0]))
    score, value = evaluation.score[:, columns], evaluation.estimate[:, columns]
    normalised = {name: np.full(score.shape, np.nan) for name in ("goalposts", "min_max", "z_score")}
    for i, node in enumerate(evaluation.framework.nodes):
        if node.leaf:
            usable = np.where(np.isnan(score[i]), np.nan, value[i])
            normalised["goalposts"][i] = score[i]
            normalised["min_max"][i], normalised["z_score"][i] = _within_sample(score[i], usable)
    segments = evaluation.units["segment"][columns]
    return Sample(evaluation.framework, period, cut, segments, normalised, ~np.isnan(score), score[0])


def drawn(units: Sample, alternatives: Alternatives, draws: int, seed: int) -> Draws:
    """Seeded draws of the choices."""
    generator = np.random.default_rng(seed)
    spread = alternatives.weight_spread
    normalisation = generator.integers(len(alternatives.normalisations), size=draws)
    aggregation = generator.integers(len(alternatives.aggregations), size=draws)
    factors = generator.uniform(1 - spread, 1 + spread, size=(len(units.framework.nodes), draws))
    return Draws(normalisation, aggregation, perturbed_weights(units.framework, factors))


def perturbed_weights(framework: Framework, factors: Array, dropped: Choice | None = None) -> Array:
    """Weights within the parent times `factors` (nodes × draws), siblings summing to 1.

    `dropped` names by position the leaf that a draw leaves out, −1 for none; a node left without a leaf has
    weight 0.
    """
    weights = np.array([node.weight for node in framework.nodes])[:, None] * factors
    if dropped is not None:
        without = np.flatnonzero(dropped >= 0)
        weights[dropped[without], without] = 0.0
    for parent, children in reversed(inner_nodes(framework)):
        total = weights[children].sum(axis=0)
        weights[children] /= np.where(total > 0, total, 1.0)
        weights[parent] *= total > 0
    return weights


def drawn_scores(units: Sample, alternatives: Alternatives, draws: Draws) -> Array:
    """The index of every unit in every draw (units × draws).

    Draws that share normalisation and mean are one pass up the tree; leaves enter by a matrix product.
    """
    result = np.empty((len(units.segments), len(draws.normalisation)))
    step = max(CELLS_AT_ONCE // max(len(units.segments), 1), 1)
    for n, normalisation in enumerate(alternatives.normalisations):
        for a, aggregation in enumerate(alternatives.aggregations):
            scores = units.normalised[normalisation]
            alike = np.flatnonzero((draws.normalisation == n) & (draws.aggregation == a))
            for begin in range(0, len(alike), step):
                chosen = alike[begin : begin + step]
                result[:, chosen] = _index(units, scores, aggregation, draws.weights[:, chosen])
    return result


def rank_shift(scores: Array, base: Array) -> Array:
    """Mean distance of the units' ranks from the base ranks, per draw (R̄s of the OECD/JRC Handbook 2008)."""
    shift: Array = np.abs(ranks(scores) - ranks(base)[:, None]).mean(axis=0)
    return shift


def rank_distribution(units: Sample, *, draws: int = 10_000, seed: int = 42) -> pl.DataFrame:
    """Score, rank, and what other sound methods make of the rank, one row per segment, as in index.rank_intervals."""
    choices = Alternatives()
    place = ranks(drawn_scores(units, choices, drawn(units, choices, draws, seed)))
    base = ranks(units.index)
    low, median, high = np.percentile(place, [5, 50, 95], axis=1) if len(place) else np.empty((3, 0))
    return pl.DataFrame(
        {
            "segment": units.segments,
            "score": units.index,
            "rank": base,
            "median_rank": median,
            "rank_low": low,
            "rank_high": high,
            "first_share": (place == 1).mean(axis=1),
            "mean_rank_shift": np.abs(place - base[:, None]).mean(axis=1),
        }
    )


def leaf_influence(units: Sample) -> pl.DataFrame:
    """What each leaf does to the ranking, beside its nominal weight, one row per leaf, as in index.influence."""
    framework = units.framework
    leaves = [(i, node) for i, node in enumerate(framework.nodes) if node.leaf]
    factors = np.ones((len(framework.nodes), len(leaves)))
    dropped = perturbed_weights(framework, factors, np.array([i for i, _ in leaves]))
    without = _index(units, units.normalised["goalposts"], None, dropped)
    scores = units.normalised["goalposts"][[i for i, _ in leaves]]
    change = np.abs(without - units.index[:, None])
    return pl.DataFrame(
        {
            "node": [node.code for _, node in leaves],
            "kpi": [node.leaf.kpi for _, node in leaves if node.leaf],
            "weight": [node.overall_weight for _, node in leaves],
            "influence_r2": pl.Series([_influence(score, units.index) for score in scores], dtype=pl.Float64),
            "mean_rank_shift": rank_shift(without, units.index),
            "largest_score_change": change.max(axis=0, initial=0.0),
        }
    )


def _within_sample(score: Array, value: Array) -> tuple[Array, Array]:
    """Min–max and z-score (50 + 10 z) of one leaf; its own score where the units are all alike."""
    frame = pl.DataFrame({"score": score, "value": value}).fill_nan(None)
    # Scores only ever rise, or only ever fall, with the value, so their covariance gives the direction.
    slope = frame.select(pl.cov("score", "value")).item() or 0.0
    direction = pl.lit(-1.0 if slope < 0 else 1.0)
    both = frame.select(
        pl.coalesce(normalise.min_max(pl.col("value"), direction), "score").alias("min_max"),
        pl.coalesce(50.0 + 10.0 * normalise.z_score(pl.col("value"), direction), "score").alias("z_score"),
    ).fill_null(float("nan"))
    return both["min_max"].to_numpy(), both["z_score"].to_numpy()


def _index(units: Sample, leaf_scores: Array, aggregation: Aggregation | None, weights: Array) -> Array:
    """Units × draws, climbing from leaf scores (nodes × units) with weights (nodes × draws).

    `aggregation` None leaves each node its own.
    """
    framework = units.framework
    inner: dict[int, tuple[Array, NDArray[np.bool_]]] = {}
    for parent, children in reversed(inner_nodes(framework)):
        how = aggregation or framework.nodes[parent].aggregation or "arithmetic"
        if how == "outranking":
            return _drawn_places(units, leaf_scores, inner, children, weights)
        leaves = [child for child in children if child not in inner]
        present = units.present[leaves]
        linear = np.where(present, linearised(leaf_scores[leaves], how, framework.floor), 0.0)
        total = linear.T @ weights[leaves]
        share = present.T.astype(float) @ weights[leaves]
        for child in children:
            if child in inner:
                score, is_there = inner.pop(child)
                part = linearised(score, how, framework.floor) * weights[child]
                if is_there.all():
                    share += weights[child]
                else:
                    part = np.where(is_there, part, 0.0)
                    share += is_there * weights[child]
                total += part
        has_any = share > 1e-12
        mean = np.divide(total, share, out=total, where=has_any)
        mean[~has_any] = np.nan
        inner[parent] = delinearised(mean, how), has_any & units.present[parent][:, None]
    return inner[0][0]


def _drawn_places(
    units: Sample,
    leaf_scores: Array,
    inner: dict[int, tuple[Array, NDArray[np.bool_]]],
    children: list[int],
    weights: Array,
) -> Array:
    """Units × draws: the places of the units by outranking, draw by draw."""
    draws = weights.shape[1]
    scores = [
        np.where(inner[child][1], inner[child][0], np.nan)
        if child in inner
        else np.repeat(leaf_scores[child][:, None], draws, axis=1)
        for child in children
    ]
    drawn = [places(np.stack([s[:, d] for s in scores], axis=1), weights[children, d]) for d in range(draws)]
    return np.stack(drawn, axis=1)


def _influence(score: Array, index: Array) -> float | None:
    both = ~np.isnan(score)
    if both.sum() < 3:
        return None
    r2 = influence(score[both][:, None], index[both])[0]
    return None if np.isnan(r2) else float(r2)
