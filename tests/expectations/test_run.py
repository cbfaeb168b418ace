"""How checks are run: what a result says, and that trouble in the checking is never taken for bad data."""

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from expectations.run import EXAMPLES, CheckError, run_checks
from expectations.suites import QUERY_TYPE, Check

ROWS = 10_000


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA core")
        connection.execute(
            f"CREATE TABLE core.t AS SELECT i AS id, ['a', 'b'][1 + i % 2] AS kind FROM range({ROWS}) r(i)"
        )
        yield connection


def check(
    name: str, type: str = QUERY_TYPE, *, sql: str | None = None, table: str = "core.t", **kwargs: object
) -> Check:
    return Check(table, name, type, "critical", "why", Path("t.yml"), kwargs, sql)


def test_query_result_counts_all_violations_and_shows_few(con: duckdb.DuckDBPyConnection) -> None:
    (result,) = run_checks(con, [check("even", sql="SELECT id, kind FROM core.t WHERE id % 2 = 0")])
    assert (result.passed, result.unexpected_count, result.observed) == (False, ROWS // 2, "5,000 violations")
    assert len(result.examples) == EXAMPLES
    assert result.examples[0] == "id=0, kind=a"


def test_column_result_counts_all_violations_and_shows_few(con: duckdb.DuckDBPyConnection) -> None:
    between = check("small", "expect_column_values_to_be_between", column="id", max_value=99)
    (result,) = run_checks(con, [between])
    assert (result.passed, result.unexpected_count) == (False, ROWS - 100)
    assert result.observed == "9,900 of 10,000 values of id"
    assert len(result.examples) == EXAMPLES


def test_results_come_in_the_order_of_the_checks_and_never_apart_from_them(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("CREATE TABLE core.u AS SELECT 1 AS id")
    asked = [
        check("none", sql="SELECT 1 WHERE FALSE"),
        check("rows", "expect_table_row_count_to_be_between", table="core.u", min_value=2),
        check("kinds", "expect_column_values_to_be_in_set", column="kind", value_set=["a", "b"]),
        check("some", sql="SELECT 1", table="core.u"),
    ]
    results = run_checks(con, asked)
    assert [r.check.name for r in results] == ["none", "rows", "kinds", "some"]
    assert [r.passed for r in results] == [True, False, True, False]
    assert results[1].observed == "1 rows"
    assert results[1].unexpected_count is None


def test_tolerated_share_passes_and_is_still_counted(con: duckdb.DuckDBPyConnection) -> None:
    half = {"column": "kind", "value_set": ["a"]}
    tolerant = check("half", "expect_column_values_to_be_in_set", **half, mostly=0.5)
    strict = check("most", "expect_column_values_to_be_in_set", **half, mostly=0.51)
    results = run_checks(con, [tolerant, strict])
    assert [r.passed for r in results] == [True, False]
    assert [r.unexpected_count for r in results] == [ROWS // 2, ROWS // 2]


@pytest.mark.parametrize(
    "broken",
    [
        check("no_column", "expect_column_values_to_not_be_null", column="missing"),
        check("no_column", sql="SELECT missing FROM core.t"),
        check("no_column", "expect_column_values_to_not_be_null", table="core.nothing", column="id"),
        check("no_column", "expect_table_row_count_to_be_between", table="core.nothing", min_value=1),
        check("no_column", "expect_column_values_to_be_between", column="kind", max_value=3),
    ],
    ids=["column", "query", "table", "row_count", "types"],
)
def test_exception_is_an_error_and_no_failed_check(con: duckdb.DuckDBPyConnection, broken: Check) -> None:
    sound = check("rows", "expect_table_row_count_to_be_between", min_value=1)
    with pytest.raises(CheckError, match=rf"no_column.*{broken.table}|{broken.table}.*no_column") as raised:
        run_checks(con, [sound, broken])
    assert "Error" in str(raised.value)


def test_nothing_is_sent_shown_or_written(
    con: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a check went to the network or to the disk")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    monkeypatch.chdir(tmp_path)
    run_checks(
        con, [check("a", sql="SELECT 1"), check("b", "expect_column_values_to_not_be_null", column="id")]
    )
    assert list(tmp_path.iterdir()) == []
    assert tuple(capfd.readouterr()) == ("", "")


def test_the_database_is_left_as_it_was(con: duckdb.DuckDBPyConnection) -> None:
    before = con.execute("SELECT database_name, schema_name, table_name FROM duckdb_tables()").fetchall()
    run_checks(con, [check("a", sql="SELECT 1")])
    assert (
        con.execute("SELECT database_name, schema_name, table_name FROM duckdb_tables()").fetchall() == before
    )
