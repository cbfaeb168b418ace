"""The tables of the index's robustness as models; empty unless the project file asks for draws (`robustness`).

What is drawn and how is in `robustness.py`, `bootstrap.py` and `sensitivity.py`.
"""

from collections.abc import Callable, Iterator
from datetime import date

import polars as pl

from transforms.composite.evaluate import evaluate, with_windows
from transforms.composite.resampled_scores import (
    GRADE_COLUMNS,
    INTERVAL_COLUMNS,
    grade_probabilities,
    score_intervals,
)
from transforms.composite.robustness import (
    DROP_COLUMNS,
    RANK_COLUMNS,
    Sample,
    ranked_sample,
    sample,
    sample_influence,
)
from transforms.composite.sobol import choice_sensitivity
from transforms.kpi.every_period import READS as FACTS
from transforms.kpi.every_period import facts_by_table
from transforms.kpi.registry import registry
from transforms.model import Columns, transform
from transforms.settings import RobustnessSettings, Settings

UNIT = ("period", "cut", "segment")
VERSION = ("framework", "framework_version")
KPIS = {"kpi_monthly": "kpi.monthly", "kpi_windows": "kpi.windows"}


def _asked_for(settings: Settings) -> bool:
    """Whether the project asks for draws."""
    return settings.robustness is not None


# Of one segment there is no ranking.
FEWEST_RANKED = 2
SENSITIVITY_COLUMNS: Columns = {
    **dict(list(RANK_COLUMNS.items())[:4]),
    "input": (pl.String, "What varies: normalisation, aggregation, or the weight of a node, by its name."),
    "first_order": (pl.Float64, "Share of the variance of the mean rank shift that it explains alone."),
    "first_order_half_width": (pl.Float64, "Half the width of its 95 % interval; small negatives are noise."),
    "total": (pl.Float64, "Share of the variance in which it has a part, with all interactions."),
    "total_half_width": (pl.Float64, "Half the width of its 95 % interval."),
    "variance": (pl.Float64, "Variance of the mean rank shift; below 0.001 there are no indices."),
}


@transform(
    writes="index.score_intervals",
    reads={**KPIS, **FACTS},
    keys=(),
    grain=(*VERSION, *UNIT, "node"),
    columns=INTERVAL_COLUMNS,
    asked_for=_asked_for,
)
def index_score_intervals(
    kpi_monthly: pl.LazyFrame,
    kpi_windows: pl.LazyFrame,
    *,
    as_of: date,
    settings: Settings,
    **facts: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row a framework, month, segment and inner node: what sampling noise leaves open of its score."""
    asked = _robustness(settings)
    return score_intervals(
        with_windows(kpi_monthly, kpi_windows),
        settings.frameworks,
        facts_by_table(**facts),
        registry(settings),
        as_of=as_of,
        draws=asked.bootstrap_draws,
        seed=asked.seed,
    )


@transform(
    writes="index.grade_probabilities",
    reads={"intervals": "index.score_intervals"},
    keys=UNIT,
    grain=(*VERSION, *UNIT, "grade"),
    columns=GRADE_COLUMNS,
)
def index_grade_probabilities(intervals: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a framework, month, segment and grade within reach of sampling noise: its probability."""
    del as_of
    return grade_probabilities(intervals, settings.frameworks)


@transform(
    writes="index.rank_intervals",
    reads=KPIS,
    keys=("period", "cut"),
    grain=(*VERSION, *UNIT),
    columns=RANK_COLUMNS,
    asked_for=_asked_for,
)
def index_rank_intervals(
    kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a framework, month and segment: its rank, and the ranks that other sound methods give it."""
    del as_of

    def ranked(units: Sample, period: date, cut: str, asked: RobustnessSettings) -> pl.DataFrame:
        del period, cut
        return ranked_sample(units, draws=asked.draws, seed=asked.seed)

    return _of_samples(with_windows(kpi_monthly, kpi_windows), settings, RANK_COLUMNS, ranked)


@transform(
    writes="index.influence",
    reads=KPIS,
    keys=("period", "cut"),
    grain=(*VERSION, "period", "cut", "node"),
    columns=DROP_COLUMNS,
    asked_for=_asked_for,
)
def index_influence(
    kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a framework, month, cut and KPI: what it does to the ranking, beside its nominal weight."""
    del as_of

    def influence(units: Sample, period: date, cut: str, asked: RobustnessSettings) -> pl.DataFrame:
        del asked
        return sample_influence(units, period, cut)

    return _of_samples(with_windows(kpi_monthly, kpi_windows), settings, DROP_COLUMNS, influence)


@transform(
    writes="index.sensitivity",
    reads=KPIS,
    keys=("cut",),
    grain=(*VERSION, "period", "cut", "input"),
    columns=SENSITIVITY_COLUMNS,
    asked_for=_asked_for,
)
def index_sensitivity(
    kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row a framework, cut and choice of method, in the newest month: its part in moving the ranks (Sobol)."""
    del as_of
    return _of_samples(
        with_windows(kpi_monthly, kpi_windows), settings, SENSITIVITY_COLUMNS, _sensitivity, newest_only=True
    )


def _sensitivity(units: Sample, period: date, cut: str, asked: RobustnessSettings) -> pl.DataFrame:
    found = choice_sensitivity(units, "rank_shift", n=asked.sobol_points, seed=asked.seed)
    return pl.DataFrame(
        {
            "framework": units.framework.code,
            "framework_version": units.framework.version,
            "period": period,
            "cut": cut,
            "input": list(found.inputs),
            "first_order": found.first_order,
            "first_order_half_width": found.first_order_half_width,
            "total": found.total,
            "total_half_width": found.total_half_width,
            "variance": found.variance,
        }
    ).fill_nan(None)


def _robustness(settings: Settings) -> RobustnessSettings:
    assert settings.robustness, "made only if asked for"
    return settings.robustness


def _of_samples(
    kpis: pl.LazyFrame,
    settings: Settings,
    columns: Columns,
    rows: Callable[[Sample, date, str, RobustnessSettings], pl.DataFrame],
    *,
    newest_only: bool = False,
) -> pl.LazyFrame:
    """`rows` of every framework, month (or the cut's newest) and cut with enough segments to rank."""
    asked = _robustness(settings)
    parts = [rows(units, period, cut, asked) for units, period, cut in _samples(kpis, settings, newest_only)]
    schema = {name: dtype for name, (dtype, _) in columns.items()}
    empty = pl.DataFrame(schema=schema)
    return pl.concat([empty, *(part.select(list(schema)) for part in parts)], how="vertical_relaxed").lazy()


def _samples(kpis: pl.LazyFrame, settings: Settings, newest_only: bool) -> Iterator[tuple[Sample, date, str]]:
    parts = kpis.filter(pl.col("cut") != "company", pl.col("segment") != "unknown")
    for framework in settings.frameworks:
        evaluation = evaluate(parts, framework)
        scored = evaluation.units.with_columns(score=pl.Series(evaluation.score[0])).filter(
            pl.col("score").is_not_nan()
        )
        ranked = scored.group_by("cut", "period").agg(n=pl.len()).filter(pl.col("n") >= FEWEST_RANKED)
        if newest_only:
            ranked = ranked.filter(pl.col("period") == pl.col("period").max().over("cut"))
        for cut, period in ranked.sort("cut", "period").select("cut", "period").iter_rows():
            yield sample(evaluation, period, cut), period, cut
