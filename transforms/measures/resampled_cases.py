"""KPIs of resampled cases: the value of each leaf of a framework in every draw, unit by unit.

What is resampled is customers: all cases that a customer has in one unit (month and segment), of claims,
complaints and answers alike, count equally often in a draw, so that what is measured on the same cases moves
together; a row that stands for many cases is as many cases of nobody. What the index makes of the values is
`transforms/composite/resampled_scores.py`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from transforms.framework import Framework
from transforms.measures.cases import has_cases
from transforms.measures.definition import Kpi
from transforms.measures.segments import Facts, weights_of
from transforms.statistics.random_numbers import named_generator, poisson_counts
from transforms.vocabulary import CASES

Array = NDArray[np.float64]
Sizes = NDArray[np.int64]
# Of 32 bits where these do.
Counts = NDArray[np.int32] | NDArray[np.int64]
# From a generator, the sizes of groups and a number of draws to groups × draws.
Weighing = Callable[[np.random.Generator, Sizes, int], Counts]
# Who answers for several rows of a fact, the first that the fact has: these rows are resampled together.
CLUSTERS = ("customer_id", "response_id", "policy_id")
# Values further from a quantile than so many standard errors of its rank are only counted, not told apart.
RANK_ERRORS = 5.0
# A number of customers whose Poisson number surely has 32 bits.
_MOST_IN_32_BITS = 2**30
# Rows of facts that are grouped at once: a bound on memory.
ROWS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class CaseLeaf:
    """A leaf whose KPI can be had from resampled cases: its position in the framework, and what is drawn.

    `added` and `kept` are what a row of the fact gives to each statistic that is added up or kept as values,
    by the name of its column, `quantiles` which quantile of the values is taken.
    """

    node: int
    kpi: Kpi
    placed_on: str
    added: Mapping[str, pl.Expr]
    kept: Mapping[str, pl.Expr]
    quantiles: Mapping[str, float]


@dataclass(frozen=True)
class Groups:
    """The customers of one unit, alike ones together.

    `size` is how many a group has, `added` what each adds to the sums (statistics × groups), and `values` has
    for every quantile its values, ascending, with the positions of the groups they belong to.
    """

    size: Sizes
    added: sparse.csr_array
    values: Mapping[str, tuple[Array, NDArray[np.int64]]]


def case_leaves(framework: Framework, kpis: Sequence[Kpi], facts: Facts, as_of: date) -> list[CaseLeaf]:
    """The leaves whose KPIs are made of statistics of cases that one month holds.

    Not so are stocks, curves of clocks that still run, and KPIs of several months of issue.
    """
    by_code = {kpi.code: kpi for kpi in kpis}
    found = []
    for i, node in enumerate(framework.nodes):
        kpi = by_code.get(node.leaf.kpi) if node.leaf else None
        placed_on = kpi.dates.get(node.leaf.basis) if kpi and node.leaf else None
        if kpi and placed_on and node.weight != 0 and kpi.fact in facts and has_cases(kpi):
            found.append(case_leaf(i, kpi, placed_on, as_of))
    return found


def case_leaf(node: int, kpi: Kpi, placed_on: str, as_of: date) -> CaseLeaf:
    """The leaf with the statistics that its value is made of."""
    needed = set(kpi.measure.record(pl.col)["value"].meta.root_names())
    statistics = {name: s for name, s in kpi.measure.statistics(as_of).items() if name in needed}
    added, kept = (
        {
            _column(node, name): pl.when(kpi.counted_in_month(placed_on))
            .then(statistic.cases)
            .cast(pl.Float64)
            for name, statistic in statistics.items()
            if (statistic.q is not None) == keeps
        }
        for keeps in (False, True)
    )
    quantiles = {_column(node, name): s.q for name, s in statistics.items() if s.q is not None}
    return CaseLeaf(node, kpi, placed_on, added, kept, quantiles)


def _column(node: int, statistic: str) -> str:
    return f"{node}.{statistic}"


def _statistic(node: int, name: str) -> pl.Expr:
    return pl.col(_column(node, name))


def drawn_values(
    leaves: Sequence[CaseLeaf],
    facts: Facts,
    cut: str,
    units: pl.DataFrame,
    *,
    draws: int,
    seed: int,
    weighed: Weighing | None = None,
) -> Iterator[tuple[pl.DataFrame, dict[int, Array]]]:
    """Segment by segment: its rows of `units`, and the value of each leaf (by position) as rows × draws.

    `units` has segment, period and the exposures of the leaves that are rates (`with_exposures`), which are taken
    as given. NaN where a draw is left without a case. The draws of a unit depend on the seed and its
    name alone, neither on the other units nor on the order of rows. `weighed` says how often the customers of
    each group count; by default Poisson numbers.
    """
    own = [leaf for leaf in leaves if cut == "company" or cut in facts[leaf.kpi.fact].collect_schema()]
    for some in _blocks(own, facts, units):
        groups = _groups(own, facts, cut, some) if own else {}
        for (segment,), rows in some.group_by("segment", maintain_order=True):
            sums = []
            for unit, period in rows.select("unit", "period").iter_rows():
                rng = named_generator(seed, "cases", cut, segment, period)
                sums.append(_drawn(groups.get(unit), own, partial(weighed or poisson_weights, rng), draws))
            yield rows.drop("unit"), _values(own, rows, sums, draws)


def poisson_weights(rng: np.random.Generator, size: Sizes, draws: int) -> Counts:
    """How often the customers of each group count in each draw: Poisson numbers of mean `size`, which ascends.

    Groups × draws.
    """
    bits = rng.integers(2**64, size=(len(size), -(-draws // 4)), dtype=np.uint64).view(np.uint16)[:, :draws]
    means, begins = np.unique(size, return_index=True)
    kind = np.int32 if size.sum() < _MOST_IN_32_BITS else np.int64
    weights = np.empty((len(size), draws), kind)
    for mean, begin, end in zip(means.tolist(), begins, [*begins[1:], len(size)], strict=True):
        np.take(poisson_counts(mean).astype(kind), bits[begin:end], out=weights[begin:end], mode="clip")
    return weights


def with_exposures(units: pl.DataFrame, leaves: Sequence[CaseLeaf], denominators: Array) -> pl.DataFrame:
    """The units with the exposure of every leaf that is a rate, from its record's denominator (nodes × units)."""
    return units.with_columns(
        pl.Series(_exposure(leaf.node), denominators[leaf.node] * leaf.kpi.measure.per)
        for leaf in leaves
        if leaf.kpi.measure.exposures
    )


def _exposure(node: int) -> str:
    return f"{node}.exposure"


def _blocks(leaves: Sequence[CaseLeaf], facts: Facts, units: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The units, numbered, so many segments at a time as keep the rows of their cases within bounds."""
    ordered = units.sort("segment", "period").with_row_index("unit")
    segments = ordered["segment"].unique().sort()
    rows = sum(facts[leaf.kpi.fact].select(pl.len()).collect().item() for leaf in leaves)
    step = max(1, ROWS_AT_ONCE * len(segments) // max(rows, 1))
    for begin in range(0, len(segments), step):
        yield ordered.filter(pl.col("segment").is_in(segments[begin : begin + step].to_list()))


def _groups(leaves: Sequence[CaseLeaf], facts: Facts, cut: str, units: pl.DataFrame) -> dict[int, Groups]:
    """The groups of every unit that has a case, by the unit's number."""
    added = [name for leaf in leaves for name in leaf.added]
    quantiles = {name: q for leaf in leaves for name, q in leaf.quantiles.items()}
    rows = _narrowed(_case_rows(leaves, facts, cut, units), quantiles)
    listed = _listed(_customers(rows, added, list(quantiles)), added, list(quantiles))
    matrix = np.stack([listed[name].to_numpy() for name in added]) if added else np.empty((0, listed.height))
    size = listed["size"].to_numpy()
    pairs = {name: _pairs(listed, name) for name in quantiles}
    found = {}
    for unit, (begin, end) in _runs(listed["unit"].to_numpy()).items():
        values = {}
        for name, (runs, ordered, owners) in pairs.items():
            first, last = runs.get(unit, (0, 0))
            values[name] = (ordered[first:last], owners[first:last])
        found[unit] = Groups(size[begin:end], sparse.csr_array(matrix[:, begin:end]), values)
    return found


def _pairs(listed: pl.DataFrame, name: str) -> tuple[dict[int, tuple[int, int]], Array, Sizes]:
    """The values of one quantile, ascending within each unit, with the groups they belong to."""
    frame = listed.select("unit", "group", name).explode(name).drop_nulls(name).sort("unit", name, "group")
    return _runs(frame["unit"].to_numpy()), frame[name].to_numpy(), frame["group"].to_numpy()


def _runs(units: NDArray[np.uint32]) -> dict[int, tuple[int, int]]:
    """Where each unit begins and ends in a sorted column."""
    names, begins = np.unique(units, return_index=True)
    ends = np.append(begins, len(units))[1:]
    return dict(zip(names.tolist(), zip(begins.tolist(), ends.tolist(), strict=True), strict=True))


def _case_rows(leaves: Sequence[CaseLeaf], facts: Facts, cut: str, units: pl.DataFrame) -> pl.DataFrame:
    """Unit, customer and what a case adds, one row per case and month in which it counts.

    With `cases` if any row stands for more than one.
    """
    numbers, segments = units.lazy().select("unit", "segment", "period"), units["segment"].unique().to_list()
    own = dict(facts)
    if cut != "company":  # of which all rows are
        own |= {x.kpi.fact: facts[x.kpi.fact].filter(pl.col(cut).is_in(segments)) for x in leaves}
    parts = [
        rows.join(numbers, left_on=[cut, "period"], right_on=["segment", "period"])
        # A row of nobody is alone.
        .with_columns(pl.coalesce("customer", "row").alias("customer"))
        .drop(cut, "period", "row")
        for _, rows in placed_cases(leaves, own, [cut])
    ]
    # A row of one fact adds nothing to the sums of another.
    rows = pl.concat(pl.collect_all(parts), how="diagonal")
    if CASES not in rows.columns:
        return rows
    return rows.with_columns(pl.col(CASES).fill_null(1)).filter(pl.col(CASES) > 0)


def placed_cases(
    leaves: Sequence[CaseLeaf], facts: Facts, cuts: Collection[str]
) -> Iterator[tuple[list[str], pl.LazyFrame]]:
    """Of each fact and date that cases are placed on: the columns that its cases add, and its rows that add any.

    With customer, row, period, the columns of the cuts and, of facts whose rows stand for many cases, `cases`.
    """
    by_place: dict[tuple[str, str], list[CaseLeaf]] = {}
    for leaf in leaves:
        by_place.setdefault((leaf.kpi.fact, leaf.placed_on), []).append(leaf)
    weights = weights_of(facts)
    for (fact, placed_on), some in by_place.items():
        columns = {name: e for leaf in some for name, e in {**leaf.added, **leaf.kept}.items()}
        rows = facts[fact].select(
            *(segment_of(cut).alias(cut) for cut in cuts),
            period=pl.col(placed_on).dt.truncate("1mo"),
            # Of its fact alone, so that nobody's rows of two facts are not taken for one customer's.
            row=pl.int_range(pl.len()).hash(crc32(fact.encode())),
            customer=_customer(facts[fact], weights.get(fact)),
            **({CASES: pl.col(weights[fact]).fill_null(1)} if fact in weights else {}),
            **columns,
        )
        adds = ((pl.col(name) != 0).fill_null(False) for name in columns)
        yield list(columns), rows.filter(pl.any_horizontal(adds))


def segment_of(cut: str) -> pl.Expr:
    """The segment of a cut that a row of a fact belongs to."""
    return pl.lit("company") if cut == "company" else pl.col(cut)


def _customer(fact: pl.LazyFrame, weight: str | None) -> pl.Expr:
    """Who the rows of a fact belong to, as a number; none for a row of nobody, or of many cases."""
    columns = fact.collect_schema()
    name = next((name for name in CLUSTERS if name in columns), None)
    if name is None:
        return pl.lit(None, dtype=pl.UInt64)
    known = pl.col(name) if weight is None else pl.when(pl.col(weight).fill_null(1) == 1).then(name)
    # Nothing has a hash, too.
    return pl.when(known.is_not_null()).then(known.hash(CLUSTERS.index(name)))


def _narrowed(rows: pl.DataFrame, quantiles: Mapping[str, float]) -> pl.DataFrame:
    """The rows with values far from their quantile drawn in to a bound, so that more customers are alike."""
    if not quantiles:
        return rows
    ends = []
    for name, q in quantiles.items():
        n = pl.col(name).list.len().cast(pl.Int64)
        reach = (RANK_ERRORS * (n * q * (1 - q)).sqrt()).ceil().cast(pl.Int64) + 1
        middle = (n * q).floor().cast(pl.Int64)
        low, high = pl.max_horizontal(middle - reach, 0), pl.min_horizontal(middle + reach, n - 1)
        ends += [pl.col(name).list.get(low, null_on_oob=True).alias(f"{name}.low")]
        ends += [pl.col(name).list.get(high, null_on_oob=True).alias(f"{name}.high")]
    # Where a row stands for many, places in a list of rows are not those of cases.
    is_of_many = (pl.col(CASES) != 1).any() if CASES in rows.columns else pl.lit(False)
    ordered = rows.group_by("unit").agg(pl.col(list(quantiles)).drop_nulls().sort(), is_of_many=is_of_many)
    bounded = rows.join(ordered.select("unit", "is_of_many", *ends), on="unit")
    clipped = [
        pl.when("is_of_many").then(name).otherwise(pl.col(name).clip(f"{name}.low", f"{name}.high"))
        for name in quantiles
    ]
    return bounded.with_columns(clipped).select(rows.columns)


def _customers(rows: pl.DataFrame, added: list[str], kept: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Customers with at most one value of each quantile, and the rest with lists of values."""
    counts = [pl.col(name).count() for name in kept]
    size = pl.col(CASES).max() if CASES in rows.columns else pl.lit(1, pl.Int64)
    customers = rows.group_by("unit", "customer").agg(
        # Rounded, since sums of floats depend on the order of rows.
        pl.col(added).sum().round(9),
        *(pl.col(name).max() for name in kept),
        n_values=pl.max_horizontal([pl.lit(0, pl.UInt32), *counts]),
        size=size,
    )
    plain = customers.filter(pl.col("n_values") < 2).drop("customer", "n_values")
    lists = (
        customers.filter(pl.col("n_values") >= 2)
        .drop("n_values", "size", *kept)
        .join(rows.select("unit", "customer", *kept), on=["unit", "customer"])
        .group_by("unit", "customer", *added)
        .agg(pl.col(kept).drop_nulls().sort())
        .drop("customer")
    )
    return plain, lists


def _listed(customers: tuple[pl.DataFrame, pl.DataFrame], added: list[str], kept: list[str]) -> pl.DataFrame:
    """One row per group of alike customers, in an order that follows from its values: unit, group, size."""
    plain, lists = customers
    alike = plain.group_by("unit", *added, *kept).agg(pl.col("size").sum()).sort("unit", *added, *kept)
    text = [pl.col(name).cast(pl.List(pl.String)).list.join(" ") for name in kept]
    return (
        pl.concat(
            [
                alike.with_columns(pl.concat_list(name).list.drop_nulls().alias(name) for name in kept),
                lists.with_columns(size=pl.lit(1, pl.Int64)).sort("unit", *added, *text),
            ],
            how="diagonal_relaxed",
        )
        .sort("unit", "size", maintain_order=True)
        .with_columns(group=pl.int_range(pl.len()).over("unit"))
    )


def _drawn(
    groups: Groups | None, leaves: Sequence[CaseLeaf], weights_of: Callable[..., Counts], draws: int
) -> dict[str, Array]:
    """Each sum, and each quantile, of one unit in every draw."""
    added = [name for leaf in leaves for name in leaf.added]
    quantiles = {name: q for leaf in leaves for name, q in leaf.quantiles.items()}
    if groups is None:
        return {name: np.zeros(draws) for name in added} | {n: np.full(draws, np.nan) for n in quantiles}
    weights = weights_of(groups.size, draws)
    drawn = dict(zip(added, groups.added @ weights.astype(np.float64), strict=True))
    for name, q in quantiles.items():
        values, owners = groups.values[name]
        drawn[name] = weighted_quantile(values, weights[owners], q)
    return drawn


def weighted_quantile(values: Array, weights: Counts, q: float) -> Array:
    """The q-quantile (Hyndman–Fan type 7) of ascending values each counted `weights` times, values × draws.

    NaN where a draw has no value.
    """
    if not len(values):
        return np.full(weights.shape[1], np.nan)
    through = weights.copy()
    for i in range(1, len(through)):  # a row at a time is six times as fast as cumsum down the columns
        through[i] += through[i - 1]
    total = through[-1]
    position = np.maximum(total - 1, 0) * q
    whole = position.astype(weights.dtype)
    below = (through <= whole).sum(axis=0, dtype=np.int32)
    above = (through <= np.minimum(whole + 1, total - 1)).sum(axis=0, dtype=np.int32)
    last = len(values) - 1
    low, high = values[np.minimum(below, last)], values[np.minimum(above, last)]
    return np.where(total > 0, low + (position - whole) * (high - low), np.nan)


def _values(
    leaves: Sequence[CaseLeaf], units: pl.DataFrame, drawn: Sequence[dict[str, Array]], draws: int
) -> dict[int, Array]:
    """The KPIs that follow from the sums: units × draws, by the position of the leaf."""
    columns = {name: np.concatenate([d[name] for d in drawn]) for name in drawn[0]}
    values = {}
    for leaf in leaves:
        measure, own = leaf.kpi.measure, str(leaf.node)
        if leaf.kept:
            (values[own],) = (pl.col(name) for name in leaf.kept)
            continue
        for exposure in measure.exposures:
            stated = units[_exposure(leaf.node)].to_numpy()
            columns[exposure.name] = np.repeat(stated, draws)
        values[own] = measure.record(partial(_statistic, leaf.node))["value"]
    found = pl.DataFrame(columns).select(**values).fill_null(float("nan"))
    return {leaf.node: found[str(leaf.node)].to_numpy().reshape(len(drawn), draws) for leaf in leaves}
