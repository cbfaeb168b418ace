"""Rows written in buckets of their keys: all are there, and those of equal keys together."""

import duckdb
import polars as pl
from polars.testing import assert_frame_equal

from warehouse.buckets import written_in_buckets

TABLES = """
    CREATE TABLE policies AS SELECT 'P' || i AS policy_id, DATE '2024-01-01' + i::INTEGER AS issued_on,
        TIMESTAMPTZ '2024-01-01 00:00:00+00' AS recorded_at, 1.5::DECIMAL(18, 2) AS premium
    FROM range(300) AS r(i) UNION ALL SELECT NULL, NULL, NULL, NULL;
    CREATE TABLE premiums AS SELECT 'P' || i % 200 AS policy_id, i AS instalment_no FROM range(900) AS r(i)
"""


def test_parts_are_the_whole_and_keys_of_two_tables_meet(tmp_path):
    with duckdb.connect() as con:
        con.execute(TABLES)
        policies, premiums = (
            written_in_buckets(con, table, ("policy_id",), tmp_path / table, 16)
            for table in ("policies", "premiums")
        )
        whole = con.sql("FROM policies").pl()
    parts = [(policies.part(n, 4), premiums.part(n, 4)) for n in range(4)]
    assert_frame_equal(pl.concat([one for one, _ in parts]), whole, check_row_order=False)
    assert all(0 < one.height < 150 for one, _ in parts)
    assert all(paid.join(one, on="policy_id", how="anti").is_empty() for one, paid in parts)
    assert sum(paid.height for _, paid in parts) == 900


def test_no_rows_are_no_rows_in_every_bucket(tmp_path):
    with duckdb.connect() as con:
        con.execute("CREATE TABLE nothing (policy_id VARCHAR, issued_on DATE)")
        empty = written_in_buckets(con, "nothing", ("policy_id",), tmp_path / "nothing", 4)
    assert_frame_equal(empty.part(3, 4), pl.DataFrame(schema={"policy_id": pl.String, "issued_on": pl.Date}))
