"""The tables of what moved the index: from month to month, between segments, and the mix behind a KPI.

Which units are compared and in which columns it is told; the decompositions themselves are `explain.py`.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from transforms.composite.aggregate import Array
from transforms.composite.explain import TreeChange, tree_change
from transforms.exactness import steady_sum
from transforms.framework import Framework
from transforms.model import Columns

POINTS: Columns = {
    "node": (pl.String, "Node of the framework's tree; the index itself is called index."),
    "kpi": (pl.String, "KPI of a leaf, null for inner nodes: the rows of leaves sum to the index's row."),
    "value_points": (pl.Float64, "Points of the index from scores that moved."),
    "weight_points": (pl.Float64, "Points of the index from weights that moved, centred on the mean score."),
    "composition_points": (pl.Float64, "Points of the index from KPIs present on one side alone."),
    "total_points": (pl.Float64, "The three together; of the index, its change."),
}
VERSION: Columns = {
    "framework": (pl.String, "Code of the framework."),
    "framework_version": (pl.String, "Version of the framework."),
}
CONTRIBUTION_COLUMNS: Columns = {
    **VERSION,
    "cut": (pl.String, "What the segment is a segment of."),
    "segment": (pl.String, "The segment."),
    "period": (pl.Date, "Month, as its first day."),
    "period_from": (pl.Date, "Month it is compared with."),
    **POINTS,
}
SEGMENT_CONTRIBUTION_COLUMNS: Columns = {
    **VERSION,
    "period": (pl.Date, "Month, as its first day."),
    "cut": (pl.String, "What the segment is a segment of."),
    "segment": (pl.String, "The segment."),
    "cut_from": (pl.String, "What the segment it is compared with is a segment of."),
    "segment_from": (pl.String, "The segment it is compared with."),
    **POINTS,
}
MIX_COLUMNS: Columns = {
    "kpi": (pl.String, "Code of the KPI, a ratio of numerator and denominator."),
    "basis": (pl.String, "Basis of the KPI's records."),
    "cut": (pl.String, "What the segments are segments of."),
    "segment": (pl.String, "The segment."),
    "period": (pl.Date, "Month, as its first day."),
    "period_from": (pl.Date, "Month it is compared with."),
    "rate_effect": (pl.Float64, "Change of the total from the segment's own rate, in the KPI's unit."),
    "mix_effect": (pl.Float64, "Change of the total from the segment's share of the denominator."),
}

# The index itself, in every framework.
INDEX = "index"
TO = ["period", "cut", "segment"]
FROM = ["period_from", "cut_from", "segment_from"]


def contributions(scores: pl.LazyFrame, frameworks: Sequence[Framework], *, months: int = 1) -> pl.LazyFrame:
    """What moved each segment's index since `months` before, by node, in the columns of CONTRIBUTION_COLUMNS.

    `scores` is the table index.scores. There are rows where the index has a score in both months; the leaves'
    total_points sum to its change, within 1e-9 points. The keys are (cut, segment).
    """
    index = scores.filter(pl.col("node") == INDEX, pl.col("score").is_not_null())
    unit = ["framework", "framework_version", "cut", "segment"]
    earlier = index.select(
        *unit,
        pl.col("period").dt.offset_by(f"{months}mo").alias("period"),
        pl.col("period").alias("period_from"),
    )
    pairs = index.select(*unit, "period").join(earlier, on=[*unit, "period"]).collect()
    pairs = pairs.with_columns(cut_from="cut", segment_from="segment")
    return _contributions(scores, frameworks, pairs, CONTRIBUTION_COLUMNS)


def segment_contributions(
    scores: pl.LazyFrame,
    frameworks: Sequence[Framework],
    *,
    cut_from: str = "company",
    segment_from: str = "company",
) -> pl.LazyFrame:
    """What sets each segment's index apart from a reference segment's in the same month, by node.

    Columns of SEGMENT_CONTRIBUTION_COLUMNS; otherwise as `contributions`. The keys are (period,).
    """
    index = scores.filter(pl.col("node") == INDEX, pl.col("score").is_not_null())
    unit = ["framework", "framework_version", "period"]
    is_reference = (pl.col("cut") == cut_from) & (pl.col("segment") == segment_from)
    reference = index.filter(is_reference).select(*unit, cut_from="cut", segment_from="segment")
    pairs = index.filter(~is_reference).select(*unit, "cut", "segment").join(reference, on=unit).collect()
    pairs = pairs.with_columns(period_from="period")
    return _contributions(scores, frameworks, pairs, SEGMENT_CONTRIBUTION_COLUMNS)


def mix_effects(kpi_monthly: pl.LazyFrame, *, months: int = 1) -> pl.LazyFrame:
    """Rate and mix of every KPI's change over the segments of each cut, in the columns of MIX_COLUMNS.

    For KPIs that have a numerator, whose value is a multiple of numerator / denominator; the effects sum to
    the change of that ratio over all segments of the cut (Kitagawa 1955). The mix effect is centred on the
    mean of the two totals, which leaves its sum as it is; a segment absent in one month has a mix effect
    alone. The keys are (kpi, cut).
    """
    group = ["kpi", "basis", "cut", "period"]
    pair = [*group, "period_from", "segment"]
    rows = kpi_monthly.filter(
        pl.col("denominator") > 0, pl.col("numerator").is_not_null(), pl.col("value").is_not_null()
    ).select(*group, "segment", "value", "denominator")
    now = rows.with_columns(period_from=pl.col("period").dt.offset_by(f"-{months}mo"))
    before = rows.with_columns(
        period_from="period", period=pl.col("period").dt.offset_by(f"{months}mo")
    ).rename({"value": "value_from", "denominator": "denominator_from"})
    share, share_from = _share("denominator", group), _share("denominator_from", group)
    rate, rate_from = pl.coalesce("value", "value_from"), pl.coalesce("value_from", "value")
    centre = steady_sum(share * rate + share_from * rate_from).over(group) / 2
    return (
        now.join(before, on=pair, how="full", coalesce=True, nulls_equal=True)
        .filter(
            pl.col("denominator").is_not_null().any().over(group),
            pl.col("denominator_from").is_not_null().any().over(group),
        )
        .with_columns(
            rate_effect=(share + share_from) / 2 * (rate - rate_from),
            mix_effect=((rate + rate_from) / 2 - centre) * (share - share_from),
        )
        .select(pl.col(name).cast(dtype) for name, (dtype, _) in MIX_COLUMNS.items())
    )


def _share(denominator: str, group: list[str]) -> pl.Expr:
    present = pl.col(denominator).fill_null(0.0)
    return present / steady_sum(present).over(group)


def _contributions(
    scores: pl.LazyFrame, frameworks: Sequence[Framework], pairs: pl.DataFrame, columns: Columns
) -> pl.LazyFrame:
    """Rows of every pair and node; `pairs` names two units and their framework version in each row."""
    schema = {name: dtype for name, (dtype, _) in columns.items()}
    cells = scores.select(*VERSION, "period", "cut", "segment", "node", "score").collect()
    parts = []
    for framework in frameworks:
        version = {"framework": framework.code, "framework_version": framework.version}
        own = pairs.filter(**version)
        if own.height:
            units, matrix = _score_matrix(cells.filter(**version), framework)
            before = own.join(units, left_on=FROM, right_on=TO, how="left", maintain_order="left")["unit"]
            after = own.join(units, on=TO, how="left", maintain_order="left")["unit"]
            change = tree_change(framework, matrix[:, before.to_numpy()], matrix[:, after.to_numpy()])
            parts.append(_change_rows(own, framework, change).select(list(schema)))
    return (pl.concat(parts) if parts else pl.DataFrame(schema=schema)).lazy()


def _score_matrix(cells: pl.DataFrame, framework: Framework) -> tuple[pl.DataFrame, Array]:
    """The units with their column `unit`, and the scores as nodes × units in the framework's order."""
    units = cells.select(TO).unique().sort(TO).with_row_index("unit")
    position = {node.code: i for i, node in enumerate(framework.nodes)}
    column = cells.join(units, on=TO, how="left", maintain_order="left")["unit"].to_numpy()
    row = cells["node"].replace_strict(position, return_dtype=pl.Int64).to_numpy()
    matrix = np.full((len(framework.nodes), units.height), np.nan)
    matrix[row, column] = cells["score"].fill_null(float("nan")).to_numpy()
    return units, matrix


def _change_rows(pairs: pl.DataFrame, framework: Framework, change: TreeChange) -> pl.DataFrame:
    position = np.repeat(np.arange(len(framework.nodes)), pairs.height)
    kpis = [node.leaf.kpi if node.leaf else None for node in framework.nodes]
    return pairs[np.tile(np.arange(pairs.height), len(framework.nodes))].with_columns(
        node=pl.Series([node.code for node in framework.nodes]).gather(position),
        kpi=pl.Series(kpis, dtype=pl.String).gather(position),
        value_points=pl.Series(change.value.ravel()),
        weight_points=pl.Series(change.weight.ravel()),
        composition_points=pl.Series(change.composition.ravel()),
        total_points=pl.Series((change.value + change.weight + change.composition).ravel()),
    )
