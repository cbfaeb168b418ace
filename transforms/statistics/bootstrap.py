"""Cluster bootstrap: intervals where one customer contributes many rows, so that rows are not independent.

The customer is resampled, not the row. Intervals of independent rows have formulas, see `intervals.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import isqrt

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse, special

Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Mean:
    """Mean of a column over rows."""

    value: str


@dataclass(frozen=True)
class Ratio:
    """Σ numerator / Σ denominator over rows."""

    numerator: str
    denominator: str


@dataclass(frozen=True)
class Quantile:
    """q-quantile of a column over rows, Hyndman–Fan type 7."""

    value: str
    q: float = 0.5


def cluster_bootstrap(
    frame: pl.LazyFrame,
    by: Sequence[str],
    cluster: str,
    statistic: Mean | Ratio | Quantile,
    *,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> pl.LazyFrame:
    """Percentile interval of a statistic in each group, one row a group.

    Columns: `by`, value, ci_low, ci_high, n (rows), n_clusters; limits are null below two clusters. Rows with
    a null in the cluster or in a column of the statistic are left out.

    Poisson bootstrap: in every draw a cluster counts 0, 1, 2, … times, a Poisson(1) number computed from its
    name, the draw and the seed. So it weighs the same in all its groups, and neither the order nor a division
    of the rows changes a result. Chamandy et al. (2012), Estimating uncertainty for massive data streams.
    """
    if draws < 2:
        raise ValueError(f"a bootstrap interval needs at least 2 draws, got {draws}")
    rows = frame.select(*by, _cluster=pl.col(cluster), **_operands(statistic)).drop_nulls(
        ["_cluster", "_y", "_x"]
    )
    schema = pl.Schema({name: frame.collect_schema()[name] for name in by} | _RESULT)
    q = statistic.q if isinstance(statistic, Quantile) else None
    return rows.map_batches(
        lambda data: _intervals(data, list(by), q, seed, draws, level).select(schema.names()).cast(schema),
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
        schema=schema,
    )


_RESULT: dict[str, pl.DataType] = {
    "value": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "n": pl.Int64(),
    "n_clusters": pl.Int64(),
}


def _operands(statistic: Mean | Ratio | Quantile) -> dict[str, pl.Expr]:
    if isinstance(statistic, Ratio):
        y, x = pl.col(statistic.numerator), pl.col(statistic.denominator)
    else:
        y, x = pl.col(statistic.value), pl.lit(1.0)
    return {"_y": y.cast(pl.Float64), "_x": x.cast(pl.Float64)}


def _intervals(
    rows: pl.DataFrame, by: list[str], q: float | None, seed: int, draws: int, level: float
) -> pl.DataFrame:
    rows = rows.with_columns(_all=pl.lit(0))
    keys = by or ["_all"]
    counted = (pl.len().alias("n"), pl.col("_cluster").n_unique().alias("n_clusters"))
    groups = rows.group_by(keys).agg(counted).with_row_index("_group")
    clusters = rows.select(pl.col("_cluster").unique().sort()).with_row_index("_member")
    if rows.is_empty():
        return groups.with_columns(pl.lit(None).alias(name) for name in ("value", "ci_low", "ci_high"))
    rows = rows.join(groups, on=keys, nulls_equal=True).join(clusters, on="_cluster")
    statistic = (
        _group_ratios(rows, groups.height, clusters.height) if q is None else _group_quantiles(rows, q)
    )
    weights = _weights(clusters["_cluster"].hash().to_numpy(), seed, draws)
    drawn = np.concatenate([statistic(some) for some in weights])[:draws]
    drawn[:, groups["n_clusters"].to_numpy() < 2] = np.nan
    tail = (1 - level) / 2
    columns = {
        "value": statistic(np.ones((1, clusters.height), np.uint8))[0],
        "ci_low": _percentile(drawn, tail),
        "ci_high": _percentile(drawn, 1 - tail),
    }
    return groups.with_columns(
        pl.Series(name, numbers, nan_to_null=True) for name, numbers in columns.items()
    )


def _weights(clusters: Hashes, seed: int, draws: int) -> Iterator[Counts]:
    """Poisson(1) counts, draws × clusters, some draws at a time: four from each scrambled 64 bits."""
    at_once = max(1, _COUNTS_AT_ONCE // (4 * len(clusters)))
    blocks = np.arange(1, -(-draws // 4) + 1, dtype=np.uint64)
    start = clusters ^ _scrambled(np.array([seed], np.int64).view(np.uint64))
    for first in range(0, len(blocks), at_once):
        offsets = blocks[first : first + at_once, None] * _GOLDEN
        bits = _scrambled(start[None, :] + offsets).view(np.uint16).reshape(len(offsets), len(clusters), 4)
        yield np.moveaxis(_ONCE[bits], 2, 1).reshape(4 * len(offsets), len(clusters))


def _scrambled(state: Hashes) -> Hashes:
    """The output function of splitmix64. Steele, Lea and Flood (2014), OOPSLA."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_COUNTS_AT_ONCE = 8_000_000


def named_generator(seed: int, *name: object) -> np.random.Generator:
    """Random numbers that follow from the seed and a name, whatever else is drawn."""
    text = " ".join(map(str, (seed, *name)))
    return np.random.default_rng(int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big"))


@lru_cache(maxsize=512)
def poisson_counts(mean: int) -> npt.NDArray[np.int32]:
    """The Poisson count at each of 65,536 equal steps of probability: what 16 random bits draw."""
    most = mean + 12 * isqrt(mean) + 20
    below = special.pdtr(np.arange(most), mean)
    counts = np.searchsorted(below, (np.arange(65536) + 0.5) / 65536)
    return counts.astype(np.int32)


_ONCE: Counts = poisson_counts(1).astype(np.uint8)


def _group_ratios(rows: pl.DataFrame, n_groups: int, n_clusters: int) -> Callable[[Counts], Floats]:
    """Σy/Σx of every group under given counts of the clusters; NaN where Σx is 0."""
    place = (rows["_group"].to_numpy(), rows["_member"].to_numpy())
    y, x = (
        sparse.coo_array((rows[name].to_numpy(), place), shape=(n_groups, n_clusters)).tocsr()
        for name in ("_y", "_x")
    )

    def ratios(counts: Counts) -> Floats:
        times = counts.T.astype(np.float64)
        sum_y, sum_x = y @ times, x @ times
        ratio: Floats = np.divide(sum_y, sum_x, out=np.full_like(sum_y, np.nan), where=sum_x != 0)
        return ratio.T

    return ratios


def _group_quantiles(rows: pl.DataFrame, q: float) -> Callable[[Counts], Floats]:
    """The q-quantile of every group when each row counts as often as its cluster; NaN where none is left."""
    rows = rows.sort("_group", "_y")
    member, values = rows["_member"].to_numpy(), rows["_y"].to_numpy()
    ends = np.cumsum(rows.group_by("_group", maintain_order=True).len()["len"].to_numpy())

    def quantiles(counts: Counts) -> Floats:
        result = np.empty((len(counts), len(ends)))
        for draw, times in enumerate(counts):
            through = np.cumsum(times[member], dtype=np.int64)
            last = through[ends - 1]
            before = np.concatenate(([0], last[:-1]))
            position = np.maximum(last - before - 1, 0) * q
            whole = np.floor(position).astype(np.int64)
            below = np.searchsorted(through, np.minimum(before + whole + 1, last))
            above = np.searchsorted(through, np.minimum(before + whole + 2, last))
            result[draw] = values[below] + (position - whole) * (values[above] - values[below])
            result[draw, last == before] = np.nan
        return result

    return quantiles


def _percentile(drawn: Floats, probability: float) -> Floats:
    """Type 7 percentile of every column, leaving out NaN."""
    ordered = np.sort(drawn, axis=0)
    n = np.count_nonzero(~np.isnan(ordered), axis=0)
    position = np.maximum(n - 1, 0) * probability
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(n - 1, 0))
    column = np.arange(ordered.shape[1])
    low: Floats = ordered[below, column]
    high: Floats = ordered[above, column]
    result: Floats = low + (position - below) * (high - low)
    return result
