"""Small segments of a leaf that the framework shrinks: their estimate drawn towards that of the segments of their cut.

How is `transforms/statistics/shrinkage.py`; here it is decided which records are small, who their peers are and which
distribution their cases have. Windows of more months, the other way out, are chosen in `evaluate.py`.
"""

import polars as pl

from transforms.composite.columns import UNIT
from transforms.exactness import compared
from transforms.framework import Framework
from transforms.statistics.intervals import Z_95, garwood, wilson
from transforms.statistics.shrinkage import Shrunk, shrunk_means, shrunk_rates, shrunk_shares
from transforms.vocabulary import SHOWN

# Columns of KPI records that shrinking asks for beside those of every evaluation.
READS = ("numerator", "ci_low", "ci_high")
SHRUNK = ("shrunk_value", "shrunk_low", "shrunk_high", "own_case_weight")
# Fewer segments say nothing of how far segments lie apart.
FEWEST_PEERS = 3
# Limits are published to 15 digits.
_ALIKE = 1e-9


def shrunk_records(found: pl.LazyFrame, framework: Framework) -> pl.LazyFrame:
    """UNIT, node and SHRUNK (value, limits, weight of its own cases) of the small records that can be shrunk.

    `found` are the records of the leaves, one a unit and node. Small is a record with fewer cases than its KPI's
    minimum (status low_n) or the leaf's own. Its peers are all segments of its cut in the period that have a value.
    What was withheld has none and stays missing, as does the company, which has no peers.
    """
    nodes = [i for i, node in enumerate(framework.nodes) if node.leaf and node.leaf.if_small == "shrunk"]
    schema = {"period": pl.Date, "cut": pl.String, "segment": pl.String, "node": pl.Int64}
    enough = (compared(_counted()) >= compared(pl.col("minimum_denominator"))).fill_null(True)
    return (
        found.filter(pl.col("node").is_in(nodes), pl.col("cut") != "company")
        .filter(pl.col("status").is_in(SHOWN), pl.col("value").is_finite())
        .with_columns(is_small=(pl.col("status") == "low_n") | ~enough, **_as_distributed())
        .select(*schema, "is_small", "value", "numerator", "denominator", "is_share", "exposure", "error")
        .group_by("node", "period", "cut")
        .map_groups(_of_peers, {**schema, **dict.fromkeys(SHRUNK, pl.Float64)})
    )


def _counted() -> pl.Expr:
    return pl.coalesce(pl.col("denominator"), pl.col("n").cast(pl.Float64))


def _as_distributed() -> dict[str, pl.Expr]:
    """What the interval of a record says of its cases: shares have Wilson's, rates Garwood's over their exposure."""
    low, high = wilson(pl.col("numerator"), pl.col("denominator"))
    fewest, most = garwood(pl.col("numerator"))
    exposure = most / pl.col("ci_high")
    return {
        "is_share": _is_alike("ci_low", low) & _is_alike("ci_high", high),
        "exposure": pl.when(_is_alike("ci_low", fewest / exposure)).then(exposure),
        "error": (pl.col("ci_high") - pl.col("ci_low")) / (2 * Z_95),
    }


def _is_alike(column: str, limit: pl.Expr) -> pl.Expr:
    apart = (pl.col(column) - limit).abs()
    return (apart <= _ALIKE * (1 + limit.abs())).fill_null(False)


def _of_peers(peers: pl.DataFrame) -> pl.DataFrame:
    """The small segments of one leaf, cut and period with their shrunk estimates."""
    if not (peers["is_share"].all() or peers["exposure"].is_not_null().all()):
        peers = peers.filter(pl.col("error") > 0)
    if peers.height < FEWEST_PEERS:
        peers = peers.clear()
    if not peers["is_small"].any():
        return (
            peers.clear()
            .with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in SHRUNK)
            .select(*UNIT, "node", *SHRUNK)
        )
    found = _estimates(peers)
    parts = (found.value, found.low, found.high, found.own_weight)
    return (
        peers.with_columns(pl.Series(name, part) for name, part in zip(SHRUNK, parts, strict=True))
        .filter("is_small")
        .select(*UNIT, "node", *SHRUNK)
    )


def _estimates(peers: pl.DataFrame) -> Shrunk:
    def of(column: str) -> pl.Series:
        return peers[column].cast(pl.Float64)

    if peers["is_share"].all():
        return shrunk_shares(of("numerator").to_numpy(), of("denominator").to_numpy())
    if peers["exposure"].is_not_null().all():
        return shrunk_rates(of("numerator").to_numpy(), of("exposure").to_numpy())
    return shrunk_means(of("value").to_numpy(), of("error").to_numpy())
