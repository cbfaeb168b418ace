"""One framework over all units at once: KPI records to leaf scores, leaf scores up the tree to the index.

A unit is a segment in a month, a column of every array here; rows for tables are made of it in `node_rows.py`.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.composite import normalise
from transforms.composite.aggregate import Array, delinearised, linearised
from transforms.composite.columns import UNIT
from transforms.exactness import compared, compared_array
from transforms.framework import Framework, Node
from transforms.vocabulary import SHOWN
from transforms.vocabulary import STATUSES as RECORD_STATUSES

# Every status a node can have; the first are those of KPI records.
STATUSES: tuple[str, ...] = (
    *RECORD_STATUSES,
    "absent",
    "below_minimum",
    "not_comparable",
    "missing_coverage",
    "missing_required",
)
STATUS = pl.Enum(STATUSES)


@dataclass(frozen=True)
class Evaluation:
    """Arrays of nodes × units, nodes in the order of `framework.nodes`, missing scores NaN.

    `value` is the KPI's own, `n` its cases and `window` the months it covers, for an inner node the most of
    any leaf that counts in it (0: none); `effective_weight` the weight a node really has in the unit's index (0
    where it or a node above is missing), `coverage` the share of a node's leaf weight behind its score,
    `n_truncated` and `n_floored` count leaves beyond their goalposts and scores raised to the floor, in it or under it.
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


def with_windows(kpi_monthly: pl.LazyFrame, kpi_windows: pl.LazyFrame) -> pl.LazyFrame:
    """The records of months and of longer windows, told apart by window_months (a month has 1)."""
    return pl.concat([known_windows(kpi_monthly), kpi_windows])


def known_windows(kpis: pl.LazyFrame) -> pl.LazyFrame:
    """The records with the column window_months; records without it are of single months."""
    if "window_months" in kpis.collect_schema():
        return kpis
    return kpis.with_columns(window_months=pl.lit(1, dtype=pl.Int32))


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
    return climbed(framework, units, score, value, n, window, status, truncated)


def leaf_records(kpis: pl.LazyFrame, framework: Framework) -> pl.LazyFrame:
    """period, cut, segment, node (position in the framework), value, n, window_months, score, status, is_truncated.

    A record counts if its status is ok or low_n and its denominator (n, where it has none) reaches the leaf's
    minimum; the score is NaN for others. Where the month's does not count, the shortest window that the leaf may
    take and that counts stands for it. Of several records of one KPI and unit that of the latest as_of holds.
    """
    present = pl.col("status").is_in(SHOWN) & pl.col("value").is_finite().fill_null(False)
    counted_cases = pl.coalesce(pl.col("denominator"), pl.col("n").cast(pl.Float64))
    enough = (compared(counted_cases) >= compared(pl.col("minimum_denominator"))).fill_null(True)
    usable = pl.when(pl.col("status").is_in(SHOWN) & enough).then("value")
    status = (
        pl.when(~pl.col("status").is_in(SHOWN))
        .then("status")
        .when(~present)
        .then(pl.lit("no_data"))
        .when(~enough)
        .then(pl.lit("below_minimum"))
        .when(pl.col("score").is_null())
        .then(pl.lit("not_comparable"))
        .otherwise("status")
    )
    goalposts = (pl.col("usable"), pl.col("worst"), pl.col("best"))
    return (
        known_windows(kpis)
        .filter(_in_validity(framework))
        .join(_leaf_table(framework).lazy(), on=["kpi", "basis"])
        .filter(pl.col("window_months") <= pl.col("most_months"))
        .sort("as_of")
        .unique([*UNIT, "node", "window_months"], keep="last")
        .with_columns(pl.when(present).then("value").alias("value"))
        .with_columns(usable.alias("usable"))
        .sort(pl.col("usable").is_null(), "window_months")
        .unique([*UNIT, "node"], keep="first")
        .with_columns(_leaf_score(framework).alias("score"))
        .select(
            *UNIT,
            "node",
            pl.col("value").fill_null(float("nan")),
            counted_cases.fill_null(float("nan")).alias("n"),
            "window_months",
            pl.col("score").fill_null(float("nan")),
            status.cast(STATUS).alias("status"),
            normalise.is_truncated(*goalposts).fill_null(False).alias("is_truncated"),
        )
    )


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
    coverage = np.where(np.isnan(score), 0.0, 1.0)
    floored = np.zeros_like(truncated)
    has_leaf = ~np.isnan(score)
    share = np.zeros_like(score)
    for parent, children in reversed(inner_nodes(framework)):
        node = framework.nodes[parent]
        how = node.aggregation or "arithmetic"
        linear = np.zeros(units.height)
        # Summed child by child, so that the result equals that of the unit alone to the last bit.
        for child in children:
            weight, present = framework.nodes[child].weight, ~np.isnan(score[child])
            share[parent] += np.where(present, weight, 0.0)
            linear += np.where(present, weight * linearised(score[child], how, framework.floor), 0.0)
            coverage[parent] += np.where(present, weight * coverage[child], 0.0)
            if weight > 0:
                has_leaf[parent] |= has_leaf[child]
                truncated[parent] += truncated[child]
                window[parent] = np.maximum(window[parent], np.where(present, window[child], 0))
                floored[parent] += floored[child]
                if how != "arithmetic":
                    floored[parent] += compared_array(score[child]) < framework.floor
        status[parent] = _parent_status(
            framework, node, share[parent], coverage[parent], has_leaf[parent], score
        )
        is_ok = status[parent] == STATUSES.index("ok")
        mean = np.divide(linear, share[parent], out=np.full(units.height, np.nan), where=is_ok)
        score[parent] = delinearised(mean, how)
    effective = _effective_weights(framework, share, score)
    return Evaluation(
        framework, units, score, value, n, window, coverage, effective, status, truncated, floored
    )


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
            "worst": [leaf.goalposts.worst if leaf.goalposts else None for _, leaf in leaves],
            "best": [leaf.goalposts.best if leaf.goalposts else None for _, leaf in leaves],
            "target": [leaf.target for _, leaf in leaves],
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
            "minimum_denominator": pl.Float64,
            "most_months": pl.Int32,
        },
    )


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
            points = normalise.banded(value, leaf.bands.cut_points, leaf.bands.points)
            score = pl.when(pl.col("node") == i).then(points).otherwise(score)
    return score
