"""Tables and views written down as Parquet in buckets of their keys, so that a few keys at a time can be read.

Rows of equal keys are in the bucket of one number, whichever table they are of. What is made of a bucket is said in
`orchestration/buckets.py`; nothing here is published or outlives a run.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from warehouse.quoting import identifier, literal

BUCKET = "bucket_no"


@dataclass(frozen=True)
class Bucketed:
    """The rows of a table in `count` buckets of its keys, as files that any process that sees `folder` can read."""

    folder: Path
    count: int
    schema: pl.Schema

    def part(self, number: int, parts: int) -> pl.DataFrame:
        """The rows of one of so many parts; `parts` divides the number of buckets."""
        buckets = range(number, self.count, parts)
        files = [file for b in buckets for file in sorted((self.folder / f"{BUCKET}={b}").glob("*.parquet"))]
        if not files:
            return pl.DataFrame(schema=self.schema)
        return pl.read_parquet(files, hive_partitioning=False).cast(self.schema)


def written_in_buckets(
    con: duckdb.DuckDBPyConnection, table: str, keys: tuple[str, ...], folder: Path, count: int
) -> Bucketed:
    """Write all rows of a table or view into `folder`, each into the bucket of its keys."""
    name = ".".join(map(identifier, table.split(".")))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    schema = con.sql(f"SELECT * FROM {name} LIMIT 0").pl().schema
    number = f"(hash({', '.join(map(identifier, keys))}) % {count})::INTEGER"
    # Keeping rows in their order would take memory; in buckets they have none.
    con.execute("SET preserve_insertion_order = false")
    try:
        con.execute(
            f"COPY (SELECT *, {number} AS {BUCKET} FROM {name}) TO {literal(folder)}"
            f" (FORMAT parquet, PARTITION_BY ({BUCKET}), COMPRESSION lz4_raw, OVERWRITE_OR_IGNORE true)"
        )
    finally:
        con.execute("RESET preserve_insertion_order")
    return Bucketed(folder, count, schema)
