"""The columns that a column is made of: carried through under its name, or of whole tables."""

from pathlib import Path

import polars as pl

from transforms.graph import Node
from transforms.lineage import columns_lineage
from transforms.model import Transform, transform

COLUMNS = {"claim_id": (pl.String, "The claim."), "value": (pl.Float64, "Its value.")}
READS = {"claims": "raw.claims", "values": "raw.values"}
SCHEMAS = {
    "raw.claims": {"claim_id": "VARCHAR"},
    "raw.values": {"claim_id": "VARCHAR", "value": "DOUBLE"},
    "raw.days": {"value": "DATE"},
}


@transform(writes="core.valued", reads=READS, keys=("claim_id",), grain=("claim_id",), columns=COLUMNS)
def valued(claims: pl.LazyFrame, values: pl.LazyFrame) -> pl.LazyFrame:
    """One row per claim."""
    return claims.join(values, on="claim_id")


@transform(
    writes="core.figures",
    reads=READS,
    broadcast={"days": "raw.days"},
    keys=(),
    grain=("claim_id",),
    columns=COLUMNS,
)
def figures(claims: pl.LazyFrame, values: pl.LazyFrame, days: pl.LazyFrame) -> pl.LazyFrame:
    """One row per figure, of all claims and values together."""
    return claims.join(values, on="claim_id")


def sources(made: Transform, column: str) -> set[tuple[str, str | None]]:
    node = Node(made.writes, (), "", made.grain, {}, "", Path(__file__), 1, made)
    rows = columns_lineage(node, SCHEMAS)
    return {(source, named) for _, of, source, named in rows if of == column}


def test_rows_that_keys_divide_carry_their_columns_through() -> None:
    assert sources(valued, "claim_id") == {("raw.claims", "claim_id"), ("raw.values", "claim_id")}
    assert sources(valued, "value") == {("raw.values", "value")}


def test_what_is_made_of_all_rows_comes_from_all_tables_whatever_their_columns_are_called() -> None:
    everything = {("raw.claims", None), ("raw.values", None), ("raw.days", None)}
    assert sources(figures, "value") == everything
    assert sources(figures, "claim_id") == everything
