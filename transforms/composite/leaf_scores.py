"""Records of KPIs to scores of leaves, 0 to 100: which record counts, what stands for one that does not, and its scale.

How leaves add up is in `evaluate.py`, how a value is normalised in `normalise.py`.
"""

import math
from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.composite import normalise
from transforms.composite.columns import STATUS, UNIT
from transforms.composite.shrink import SHRUNK, shrunk_records
from transforms.composite.treat import treated
from transforms.exactness import compared
from transforms.framework import Bands, Framework, Leaf, Treatment
from transforms.periods import MONTH
from transforms.settings import Settings
from transforms.vocabulary import SHOWN

_PRESENT = pl.col("status").is_in(SHOWN) & pl.col("value").is_finite().fill_null(False)
_CASES = pl.coalesce(pl.col("denominator"), pl.col("n").cast(pl.Float64))
_ENOUGH = (compared(_CASES) >= compared(pl.col("minimum_denominator"))).fill_null(True)


def with_windows(
    kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame, kpi_periodic: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """The records of months, of longer windows (told apart by window_months), and of longer periods by their grain."""
    longer = [] if kpi_periodic is None else [known_windows(kpi_periodic)]
    return pl.concat([known_windows(kpi_monthly), kpi_windows, *longer], how="diagonal")


def known_windows(kpis: pl.LazyFrame) -> pl.LazyFrame:
    """The records with the columns window_months and grain; records without them are of single months."""
    missing = {"window_months": pl.lit(1, dtype=pl.Int32), "grain": pl.lit(MONTH)}
    columns = kpis.collect_schema()
    return kpis.with_columns(**{name: value for name, value in missing.items() if name not in columns})


def of_frameworks(settings: Settings) -> pl.Expr:
    """The records of the KPIs that any framework uses."""
    return pl.col("kpi").is_in(sorted({kpi for framework in settings.frameworks for kpi in framework.kpis}))


def newest(records: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame:
    """Of the records of one key that of the latest as_of; of several of one day the last."""
    return records.sort("as_of", maintain_order=True).unique(key, keep="last")


def leaf_records(kpis: pl.LazyFrame, framework: Framework) -> pl.LazyFrame:
    """UNIT, node (position in the framework), value, n, window_months, score, status, is_truncated, shrunk estimate.

    A record counts if its status is ok or low_n and its denominator (n, where it has none) reaches the leaf's
    minimum; the score is NaN for others. Where the month's does not count, the shortest window that the leaf may
    take and that counts stands for it, or what it is shrunk to. Of several records of one KPI and unit that of the
    latest as_of holds. What a unit lacks may be filled in, outliers be treated and values be taken in logarithms, in
    this order.
    """
    goalposts = (pl.col("usable"), pl.col("worst"), pl.col("best"))
    found = _records_that_stand(kpis, framework)
    return (
        _comparable(_with_shrunk(found, framework), framework)
        .with_columns(_leaf_score(framework).alias("score"))
        .with_columns(
            is_scored_withheld=(pl.col("status") == "suppressed").fill_null(False)
            & pl.col("score_if_suppressed").is_not_null()
        )
        .with_columns(
            pl.when("is_scored_withheld").then("score_if_suppressed").otherwise("score").alias("score"),
            is_filled=pl.col("is_filled") & pl.col("score").is_not_null(),
        )
        .select(
            *UNIT,
            "node",
            pl.col("value").fill_null(float("nan")),
            _CASES.fill_null(float("nan")).alias("n"),
            pl.col("window_months").fill_null(0),
            pl.col("score").fill_null(float("nan")),
            _status().cast(STATUS).alias("status"),
            normalise.is_truncated(*goalposts).fill_null(False).alias("is_truncated"),
            *(pl.col(name).fill_null(float("nan")) for name in SHRUNK),
        )
    )


def _records_that_stand(kpis: pl.LazyFrame, framework: Framework) -> pl.LazyFrame:
    """The one record that stands for each unit and leaf, with the leaf's rules; `usable`: its value, if it counts."""
    usable = pl.when(pl.col("status").is_in(SHOWN) & _ENOUGH).then("value")
    return (
        known_windows(kpis)
        .filter(_in_validity(framework), pl.col("grain").fill_null(MONTH) == framework.grain)
        .join(_leaf_table(framework).lazy(), on=["kpi", "basis"])
        .filter(pl.col("window_months") <= pl.col("most_months"))
        .pipe(newest, [*UNIT, "node", "window_months"])
        .with_columns(pl.when(_PRESENT).then("value").alias("value"))
        .with_columns(usable.alias("usable"))
        .sort(pl.col("usable").is_null(), "window_months")
        .unique([*UNIT, "node"], keep="first")
    )


def _status() -> pl.Expr:
    """Why a leaf has its score, or none: the first reason that holds."""
    return (
        pl.when(pl.col("is_scored_withheld") | pl.col("is_filled"))
        .then(pl.lit("filled"))
        .when(pl.col("shrunk_value").is_not_null())
        .then(pl.lit("shrunk"))
        .when(pl.col("status").is_null())
        .then(pl.lit("absent"))
        .when(~pl.col("status").is_in(SHOWN))
        .then("status")
        .when(~_PRESENT)
        .then(pl.lit("no_data"))
        .when(~_ENOUGH)
        .then(pl.lit("below_minimum"))
        .when(pl.col("score").is_null())
        .then(pl.lit("not_comparable"))
        .otherwise("status")
    )


def _with_shrunk(found: pl.LazyFrame, framework: Framework) -> pl.LazyFrame:
    """The records with what small ones are shrunk to, which is then what they are scored on."""
    if not framework.shrinks:
        return found.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in SHRUNK)
    # Worked out once: both sides of the join would ask for the records.
    records = found.collect()
    shrunk = shrunk_records(records.lazy(), framework)
    return (
        records.lazy()
        .join(shrunk, on=[*UNIT, "node"], how="left")
        .with_columns(usable=pl.coalesce("shrunk_value", "usable"))
    )


def _comparable(found: pl.LazyFrame, framework: Framework) -> pl.LazyFrame:
    """The records with `usable` as it is compared: filled in, treated and on its scale, as the framework says."""
    known = found.with_columns(is_filled=pl.lit(False))
    if framework.strata:
        kinds = {segment: kind for kind, segments in framework.strata.items() for segment in segments}
        stratum = pl.col("segment").replace_strict(kinds, default=None, return_dtype=pl.String)
    else:
        stratum = pl.lit(None, dtype=pl.String)
    if framework.fill != "missing":
        known = _filled(found, framework, stratum)
    if framework.treatment:
        rule = framework.treatment
        known = known.with_columns(
            pl.col("usable")
            .map_batches(lambda values: _without_outliers(values, rule), return_dtype=pl.Float64)
            .over("node", "period", "cut")
        )
    logarithms = {"ln": pl.col("usable").log(), "log10": pl.col("usable").log10()}
    usable = pl.col("usable")
    for i, node in enumerate(framework.nodes):
        if node.leaf and node.leaf.scale:
            usable = pl.when(pl.col("node") == i).then(logarithms[node.leaf.scale]).otherwise(usable)
    formulas = {
        i: node.leaf.formula for i, node in enumerate(framework.nodes) if node.leaf and node.leaf.formula
    }
    return (
        known.with_columns(pl.when(usable.is_finite()).then(usable).alias("usable"), stratum=stratum)
        .rename({"value": "as_recorded", "usable": "value"})
        .with_columns(normalise.by_formula(said).alias(_formula_column(i)) for i, said in formulas.items())
        .rename({"value": "usable", "as_recorded": "value"})
    )


def _formula_column(node: int) -> str:
    return f"score of {node} by its formula"


def _filled(found: pl.LazyFrame, framework: Framework, stratum: pl.Expr) -> pl.LazyFrame:
    """A row for every unit and leaf that counts; what one lacks is the mean of the others, of its stratum or of all."""
    counting = [i for i, node in enumerate(framework.nodes) if node.leaf and node.overall_weight > 0]
    leaves = _leaf_table(framework).lazy().filter(pl.col("node").is_in(counting))
    of_leaves = [name for name in leaves.collect_schema() if name != "node"]
    units = found.filter(pl.col("node").is_in(counting)).select(UNIT).unique()
    others = ["node", "period", "cut", *(["stratum"] if framework.fill == "stratum_mean" else [])]
    grid = units.join(leaves, how="cross").join(
        found.drop(of_leaves), on=[*UNIT, "node"], how="left", nulls_equal=True
    )
    rest = found.filter(~pl.col("node").is_in(counting))
    return (
        pl.concat([grid, rest], how="diagonal")
        .with_columns(stratum=stratum, direction=pl.col("direction").max().over("node"))
        .with_columns(is_filled=pl.col("usable").is_null())
        .with_columns(usable=pl.coalesce("usable", pl.col("usable").mean().over(others)))
    )


def _without_outliers(values: pl.Series, rule: Treatment) -> pl.Series:
    found = treated(
        values.cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        most_points=rule.most_points,
        skew_limit=rule.skew_limit,
        kurtosis_limit=rule.kurtosis_limit,
    )
    return pl.Series(values.name, found.values).fill_nan(None)


def _in_validity(framework: Framework) -> pl.Expr:
    """Months the framework is scored for: its validity and the months recomputed before it."""
    last = framework.valid_to or date.max
    expression = pl.col("period") <= pl.lit(last)
    if framework.valid_from:
        first = (
            pl.lit(framework.valid_from).dt.truncate("1mo").dt.offset_by(f"-{framework.backcast_months}mo")
        )
        expression &= pl.col("period") >= first
    return expression


def _leaf_table(framework: Framework) -> pl.DataFrame:
    leaves = [(i, node.leaf) for i, node in enumerate(framework.nodes) if node.leaf]
    return pl.DataFrame(
        {
            "node": [i for i, _ in leaves],
            "kpi": [leaf.kpi for _, leaf in leaves],
            "basis": [leaf.basis for _, leaf in leaves],
            "leaf_direction": [leaf.direction for _, leaf in leaves],
            "worst": [
                _on_scale(leaf, leaf.goalposts.worst if leaf.goalposts else None) for _, leaf in leaves
            ],
            "best": [_on_scale(leaf, leaf.goalposts.best if leaf.goalposts else None) for _, leaf in leaves],
            "target": [_on_scale(leaf, leaf.target) for _, leaf in leaves],
            "score_if_suppressed": [leaf.if_suppressed for _, leaf in leaves],
            "minimum_denominator": [leaf.minimum_denominator for _, leaf in leaves],
            "most_months": [leaf.most_months for _, leaf in leaves],
        },
        schema={
            "node": pl.Int64,
            "kpi": pl.String,
            "basis": pl.String,
            "leaf_direction": pl.Int8,
            "worst": pl.Float64,
            "best": pl.Float64,
            "target": pl.Float64,
            "score_if_suppressed": pl.Float64,
            "minimum_denominator": pl.Float64,
            "most_months": pl.Int32,
        },
    )


def _on_scale(leaf: Leaf, number: float | None) -> float | None:
    """A goalpost or target in the logarithm that the leaf's values are taken in."""
    if number is None or leaf.scale is None:
        return number
    return math.log10(number) if leaf.scale == "log10" else math.log(number)


def _points(bands: Bands, value: pl.Expr) -> pl.Expr:
    """Points of the value, by the cut points of its stratum where it has its own."""
    points = normalise.banded(value, bands.cut_points, bands.points)
    for stratum, cuts in bands.cut_points_of.items():
        own = normalise.banded(value, cuts, bands.points)
        points = pl.when(pl.col("stratum") == stratum).then(own).otherwise(points)
    return points


def _leaf_score(framework: Framework) -> pl.Expr:
    """0–100 score of `usable`, by the normalisation of the row's leaf; only normalisations in use are computed."""
    value, target = pl.col("usable"), pl.col("target")
    stated = pl.coalesce(pl.col("leaf_direction"), pl.col("direction")).cast(pl.Float64)
    direction = pl.when(stated != 0).then(stated)
    peers = ["node", "period", "cut"]
    by_method = {
        "goalposts": normalise.goalposts(value, pl.col("worst"), pl.col("best")),
        "min_max": normalise.min_max(value, direction).over(peers),
        "z_score": (50.0 + 10.0 * normalise.z_score(value, direction)).over(peers),
        "distance_to_target": (100.0 * normalise.distance_to_target(value, target, direction)).over(peers),
        "percentile_rank": (100.0 * normalise.percentile_rank(value, direction)).over(peers),
    }
    leaves = [(i, node.leaf) for i, node in enumerate(framework.nodes) if node.leaf]
    score = pl.lit(None, dtype=pl.Float64)
    for method, expression in by_method.items():
        nodes = [i for i, leaf in leaves if leaf.normalisation == method]
        if nodes:
            score = pl.when(pl.col("node").is_in(nodes)).then(expression).otherwise(score)
    for i, leaf in leaves:
        if leaf.bands:
            score = pl.when(pl.col("node") == i).then(_points(leaf.bands, value)).otherwise(score)
        if leaf.formula:
            score = pl.when(pl.col("node") == i).then(pl.col(_formula_column(i))).otherwise(score)
    return score
