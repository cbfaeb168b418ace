"""`index.score_intervals`: what sampling noise leaves open of every score, and of the grade of the index.

Cases are resampled as in `transforms/measures/resampled_cases.py`, and the index climbs from them as in
`transforms/composite/resampled_scores.py`; empty unless the project asks for `robustness`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

import numpy as np
import polars as pl

from transforms.composite.aggregate import Array
from transforms.composite.banding import banded
from transforms.composite.columns import UNIT, UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.composite.evaluate import Evaluation, evaluate, inner_nodes
from transforms.composite.leaf_scores import with_windows
from transforms.composite.resampled_scores import LeafSpreads, ResampledScores, leaf_spreads, resampled_scores
from transforms.framework import Framework
from transforms.kpi.every_period import READS as FACTS
from transforms.kpi.every_period import facts_by_table
from transforms.kpi.registry import registry
from transforms.measures.case_digests import CASES_DIGEST, case_digests, cases_of_months, distinct_leaves
from transforms.measures.definition import Kpi
from transforms.measures.resampled_cases import CaseLeaf, case_leaves, drawn_values, with_exposures
from transforms.measures.segments import Facts, with_cuts, with_units
from transforms.model import Columns, Memory, transform
from transforms.settings import Settings, asks_for_draws

# By whether a node has leaves drawn from their intervals (1) and from resampled cases (2).
METHODS = ("", "intervals", "cases", "cases and intervals")
SCORE_INTERVALS: Columns = {
    **VERSION_COLUMNS,
    **UNIT_COLUMNS,
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
    "drawn_from": (
        pl.String,
        "Digest of the cases and records of the unit; where it is the same as in another version, so are its draws.",
    ),
}


@transform(
    writes="index.score_intervals",
    reads={
        "kpi_monthly": "kpi.monthly",
        "kpi_windows": "kpi.windows",
        "org_units": "core.org_units",
        **FACTS,
    },
    keys=(),
    grain=(*VERSION, *UNIT, "node"),
    columns=SCORE_INTERVALS,
    asked_for=asks_for_draws,
    remembers=Memory("drawn_from", together=("framework", "period")),
)
def score_intervals(
    kpi_monthly: pl.LazyFrame,
    kpi_windows: pl.LazyFrame,
    org_units: pl.LazyFrame,
    kept: pl.LazyFrame,
    *,
    as_of: date,
    settings: Settings,
    **facts: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row per framework, month, segment and inner node: what sampling noise leaves open of its score."""
    asked = settings.robustness
    assert asked, "made only if asked for"
    placed = with_units(facts_by_table(**facts), org_units, settings.cuts)
    return resampled_intervals(
        with_windows(kpi_monthly, kpi_windows),
        settings.frameworks,
        {name: with_cuts(fact, settings.cuts) for name, fact in placed.items()},
        registry(settings),
        kept.collect(),
        as_of=as_of,
        draws=asked.bootstrap_draws,
        seed=asked.seed,
    )


def resampled_intervals(
    kpi_rows: pl.LazyFrame,
    frameworks: Sequence[Framework],
    facts: Facts,
    kpis: Sequence[Kpi],
    kept: pl.DataFrame | None = None,
    *,
    as_of: date,
    draws: int,
    seed: int,
) -> pl.LazyFrame:
    """95 % intervals of the scores of inner nodes, by resampling the cases of `facts`: SCORE_INTERVALS.

    In every draw the `kpis` of a unit are computed from the same resampled customers, then the index. A KPI
    that is not made of one month's cases (a stock, a curve, months of issue, a fact that is not there) is drawn
    from its own interval. A unit has in every draw the nodes it has as published. Frameworks that compare units, or
    are of longer periods than months, have no intervals, nor have those with logarithms, formulas, rounding or values
    filled in. Percentile intervals are narrow where a KPI has few cases, as of any bootstrap (Efron and
    Tibshirani 1993). Rows of `kept`, made earlier by the same frameworks, draws and seed, stand where what they were
    drawn from is the same.
    """
    schema = pl.Schema({name: dtype for name, (dtype, _) in SCORE_INTERVALS.items()})
    known = schema.to_frame() if kept is None else kept
    asked = [framework for framework in frameworks if framework.is_drawn_by_cases]
    leaves = [case_leaves(framework, kpis, facts, as_of) for framework in asked]
    every = distinct_leaves([leaf for own in leaves for leaf in own], as_of)
    cases = case_digests(every, facts, kpi_rows.select("cut").unique().collect()["cut"])
    due = [_due(kpi_rows, *both, cases, known) for both in zip(asked, leaves, strict=True)]
    if known.height and due:  # then few are left
        anew = pl.concat([one.anew.select(UNIT) for one in due])
        facts = {**facts, **cases_of_months(every, facts, anew["period"].unique(), anew["cut"].unique())}
    parts = [
        rows.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
        for one in due
        for rows in (one.standing, *_drawn_rows(one, facts, draws, seed))
    ]
    return pl.concat([schema.to_frame(), *parts]).lazy()


@dataclass(frozen=True)
class _Due:
    """What is to be drawn of a framework: `anew` are units with the exposures of its leaves, `standing` rows of others.

    `digests` are of the evaluation's units, in their order.
    """

    evaluation: Evaluation
    spreads: LeafSpreads
    leaves: Sequence[CaseLeaf]
    digests: pl.Series
    standing: pl.DataFrame
    anew: pl.DataFrame


def _due(
    kpi_rows: pl.LazyFrame,
    framework: Framework,
    leaves: Sequence[CaseLeaf],
    cases: pl.DataFrame,
    kept: pl.DataFrame,
) -> _Due:
    evaluation = evaluate(kpi_rows, framework)
    spreads = leaf_spreads(kpi_rows, evaluation)
    digests = _digests(evaluation, spreads, cases)
    units = with_exposures(evaluation.units.with_row_index("column"), leaves, spreads.denominator)
    scored = units.with_columns(digests).filter(_is_scored(evaluation))
    own = kept.filter(framework=framework.code, framework_version=framework.version)
    same = [*UNIT, digests.name]
    standing = own.join(scored, on=same, how="semi")
    anew = scored.join(own, on=same, how="anti").sort(UNIT).drop(digests.name)
    return _Due(evaluation, spreads, leaves, digests, standing, anew)


def _drawn_rows(due: _Due, facts: Facts, draws: int, seed: int) -> Iterator[pl.DataFrame]:
    """The rows of the units to be drawn, segment by segment."""
    for (cut,), some in due.anew.group_by("cut", maintain_order=True):
        for rows, of_cases in drawn_values(due.leaves, facts, str(cut), some, draws=draws, seed=seed):
            found = resampled_scores(due.evaluation, rows, of_cases, due.spreads, draws=draws, seed=seed)
            yield _rows(found, due.digests)


def _digests(evaluation: Evaluation, spreads: LeafSpreads, cases: pl.DataFrame) -> pl.Series:
    """Of each unit a digest of all that its rows are made of, but for what the project says."""
    found = (evaluation.score, evaluation.estimate, evaluation.window, evaluation.shrunk[0])
    cells = np.concatenate([*found, spreads.below, spreads.above, spreads.denominator]).T
    cells = np.where(np.isnan(cells), np.nan, cells)  # of one kind
    framework, units = evaluation.framework, evaluation.units
    of_cases = units.join(cases, on=UNIT, how="left", maintain_order="left")[CASES_DIGEST].fill_null(0)
    version = framework.code, framework.version
    named = (
        blake2b(repr((*version, *unit, digest)).encode() + row.tobytes(), digest_size=8).hexdigest()
        for *unit, digest, row in zip(*units.select(UNIT), of_cases, cells, strict=True)
    )
    return pl.Series("drawn_from", list(named), dtype=pl.String)


def _is_scored(evaluation: Evaluation) -> pl.Series:
    inner = [i for i, _ in inner_nodes(evaluation.framework)]
    return pl.Series(~np.isnan(evaluation.score[inner]).all(axis=0))


def _rows(drawn: ResampledScores, digests: pl.Series) -> pl.DataFrame:
    """The rows of these units and their inner nodes that have a score."""
    evaluation, framework = drawn.evaluation, drawn.evaluation.framework
    nodes, size = sorted(drawn.scores), len(drawn.columns)
    low, high = np.percentile(np.stack([drawn.scores[node] for node in nodes]), [2.5, 97.5], axis=2)
    way = (2 * drawn.by_cases + drawn.by_interval)[nodes]
    shares = _grade_shares(drawn.scores[0], framework) + [None] * (size * (len(nodes) - 1))
    codes = pl.Series([framework.nodes[node].code for node in nodes])
    unit = np.tile(drawn.columns, len(nodes))
    return (
        evaluation.units[unit]
        .with_columns(
            framework=pl.lit(framework.code),
            framework_version=pl.lit(framework.version),
            node=codes.gather(np.repeat(np.arange(len(nodes)), size)),
            score=pl.Series(evaluation.score[nodes][:, drawn.columns].ravel()),
            score_low=pl.Series(low.ravel()),
            score_high=pl.Series(high.ravel()),
            method=pl.Series(METHODS).gather(way.ravel()),
            grade_shares=pl.Series(shares, dtype=pl.List(pl.Float64)),
            drawn_from=digests.gather(unit),
        )
        .filter(pl.col("score").is_not_nan())
    )


def _grade_shares(scores: Array, framework: Framework) -> list[list[float] | None]:
    """Share of the draws in each grade of the scale, by unit; None without grades or without an index."""
    if not framework.grades:
        return [None] * len(scores)
    position = banded(scores, framework.grades)
    shares = np.stack([(position == i).mean(axis=1) for i in range(len(framework.grades.scale))], axis=1)
    return [None if np.isnan(unit[0]) else row for unit, row in zip(scores, shares.tolist(), strict=True)]
