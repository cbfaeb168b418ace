"""Real databases, started here: what their odd values become, what is told of their faults, and how they stream."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from pyarrow import parquet
from servers import PASSWORD, QUOTED, Server, dropped_once, mariadb, postgresql

from tests.warehouse.landing.conftest import Zone
from warehouse.landing.databases import write_answer, write_first_rows
from warehouse.landing.errors import LandingError
from warehouse.landing.latest import open_latest
from warehouse.landing.mapping import DatabaseSource

LOG = """
CREATE TABLE log (id int PRIMARY KEY, received date, matter text);
INSERT INTO log VALUES (1, '2025-01-05', 'claims'), (2, '2025-01-06', ''), (3, '2025-01-07', '理赔');
"""
MAPPING = """
complaints:
  - database: {connection: "URL", query: "QUERY", retries: 0}
    columns: {complaint_id: id, received_on: received, category: matter}
"""
ROWS = "SELECT complaint_id, received_on, category FROM raw.complaints ORDER BY _load_id, complaint_id"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    pytest.importorskip("adbc_driver_postgresql")
    with postgresql() as server:
        server.execute(LOG)
        yield server


@pytest.fixture(scope="module")
def maria() -> Iterator[Server]:
    pytest.importorskip("pymysql")
    with mariadb() as server:
        server.execute(LOG)
        yield server


@pytest.fixture(params=["postgres", "maria"])
def server(request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue(request.param)


def mapping(server: Server, query: str = "SELECT * FROM log;") -> str:
    return MAPPING.replace("URL", server.url).replace("QUERY", query)


def answer(server: Server | str, query: str, folder: Path, shown: str = "*") -> list[tuple[object, ...]]:
    path = folder / "answer.parquet"
    url = server if isinstance(server, str) else server.url
    write_answer(DatabaseSource(connection=url, query=query, retries=0), folder, path)
    return duckdb.sql(f"SELECT {shown} FROM '{path}'").fetchall()


def problem(server: Server | str, query: str, folder: Path) -> str:
    with pytest.raises(LandingError) as raised:
        answer(server, query, folder)
    (told,) = raised.value.problems
    assert "\n" not in told and PASSWORD not in told and QUOTED not in told
    return told


def test_a_row_changed_in_the_source_lands_one_row(server: Server, zone: Zone) -> None:
    (load,) = zone.land(mapping(server))
    rows = [("1", date(2025, 1, 5), "claims"), ("2", date(2025, 1, 6), None), ("3", date(2025, 1, 7), "理赔")]
    assert zone.rows(ROWS) == rows
    assert load.rows_landed == 3
    assert PASSWORD not in load.file and QUOTED not in load.file and "insurer" not in load.file
    assert zone.land() == []
    server.execute("UPDATE log SET matter = 'sales' WHERE id = 1")
    (again,) = zone.land()
    assert (again.rows_landed, again.rows_unchanged) == (1, 2)
    server.execute("UPDATE log SET matter = 'claims' WHERE id = 1")


def test_an_empty_answer_has_its_columns(server: Server, zone: Zone) -> None:
    (load,) = zone.land(mapping(server, "SELECT * FROM log WHERE 1 = 0"))
    assert (load.rows_read, load.rows_landed) == (0, 0)
    told = zone.problem(mapping(server, "SELECT id, received FROM log WHERE 1 = 0"))
    assert "has no column 'matter'" in told


def test_odd_types_of_postgresql_are_what_they_say(postgres: Server, tmp_path: Path) -> None:
    asked = {
        "1234567890123.45::numeric(20,2)": "1234567890123.45",
        "'NaN'::numeric": "nan",
        "5::money": "5.00",
        "ARRAY[1, 2]": "{1,2}",
        "'{\"a\": 1}'::jsonb": '{"a": 1}',
        "'red'::colour": "red",
        "'3 days'::interval": "3 days",
        "'10.0.0.1'::inet": "10.0.0.1/32",
        "'10:00+08'::timetz": "10:00:00+08",
        "B'101'": "101",
        "'7f3b2c1e-0000-4000-8000-000000000001'::uuid": "7f3b2c1e-0000-4000-8000-000000000001",
        "'\\x4142'::bytea": "AB",
        "timestamptz '2025-01-05 10:00+08' AT TIME ZONE 'UTC'": "2025-01-05 02:00:00",
        "timestamp '-infinity'": "-infinity",
    }
    postgres.execute("DROP TYPE IF EXISTS colour; CREATE TYPE colour AS ENUM ('red', 'green')")
    columns = ", ".join(f'{sql} AS "c {number}"' for number, sql in enumerate(asked))
    (row,) = answer(postgres, f"SELECT {columns}", tmp_path, "COLUMNS(*)::VARCHAR")
    assert [*row] == list(asked.values())


def test_days_that_are_none_are_rejected_and_told(postgres: Server, maria: Server, zone: Zone) -> None:
    rows = "(VALUES (1, date 'infinity'), (2, '-infinity'), (3, '2025-01-07'), (4, NULL)) v(id, received)"
    maria.execute(
        "SET sql_mode = ''; CREATE TABLE odd (id int, received date); INSERT INTO odd VALUES (1, '0000-00-00'),"
        " (2, '2025-00-00'), (3, '2025-01-07'), (4, NULL)"
    )
    for server, query in (
        (postgres, f"SELECT *, 'x' AS matter FROM {rows}"),
        (maria, "SELECT *, 'x' AS matter FROM odd"),
    ):
        text = mapping(server, query).replace("retries: 0}", "retries: 0}\n    max_reject_share: 1")
        (load,) = zone.land(text)
        assert (load.rows_read, load.rows_landed, load.rows_rejected) == (4, 1, 3)
    told = zone.rows("SELECT line, reason FROM raw.rejects ORDER BY _load_id, line")
    beyond = "date out of range 1900-01-01 to 2199-12-31: "
    assert told[:3] == [(1, f"{beyond}'infinity'"), (2, f"{beyond}'-infinity'"), (4, "blank")]
    none = "not a date (YYYY-MM-DD): "
    assert told[3:] == [(1, f"{none}'0000-00-00'"), (2, f"{none}'2025-00-00'"), (4, "blank")]


def test_values_and_names_of_mariadb_come_as_they_are(maria: Server, tmp_path: Path) -> None:
    query = (
        "SELECT CAST(18446744073709551615 AS UNSIGNED) AS big, CAST(1234567890123.45 AS DECIMAL(20, 2)) AS money,"
        " TIMESTAMP '2025-01-05 10:00:00.5' AS at, x'ff41' AS bytes, '理赔' AS `Quoted ``Name`, NULL AS none"
    )
    (row,) = answer(maria, query, tmp_path)
    assert row == (
        "18446744073709551615",
        "1234567890123.45",
        "2025-01-05 10:00:00.5",
        "\\xffA",
        "理赔",
        None,
    )


def test_quoted_names_of_postgresql(postgres: Server, tmp_path: Path) -> None:
    assert answer(postgres, 'SELECT 1 AS "Quoted ""Name", 5::money AS "of ""cents"""', tmp_path) == [
        (1, "5.00")
    ]


def test_a_session_cannot_write(server: Server, tmp_path: Path) -> None:
    told = problem(server, "INSERT INTO log VALUES (9, NULL, NULL)", tmp_path)
    assert re.search("read.only|no columns", told, re.IGNORECASE)
    assert answer(server, "SELECT count(*) FROM log WHERE id = 9", tmp_path) in ([(0,)], [("0",)])


def test_faults_are_told_once_and_in_a_line(server: Server, tmp_path: Path) -> None:
    told = problem(server.url.replace(QUOTED, "wr0ng"), "SELECT 1", tmp_path)
    assert re.search("password authentication failed|Access denied", told) and "wr0ng" not in told
    told = problem(server.url.rpartition("/")[0] + "/absent", "SELECT 1", tmp_path)
    assert re.search("does not exist|Access denied|Unknown database", told)
    assert "nope" in problem(server, "SELECT nope FROM log", tmp_path)
    assert "more than once" in problem(server, "SELECT 1 AS a, 2 AS a", tmp_path)


def test_a_scheme_or_a_driver_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "there is no driver for db2://; it may be sqlite, duckdb, postgresql" in problem(
        "db2://h/x", "SELECT 1", tmp_path
    )
    code = (
        "import sys; sys.modules['pymysql'] = None\n"
        "from pathlib import Path; from warehouse.landing.databases import write_answer\n"
        "from warehouse.landing.mapping import DatabaseSource\n"
        "source = DatabaseSource(connection='mysql:///core', query='SELECT 1')\n"
        "try: write_answer(source, Path(), Path('never'))\n"
        "except Exception as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "mysql:// is read with pymysql, which is not installed: pip install 'policypulse[mysql]'" in said


NUMBERS = {
    "postgresql": "SELECT n, repeat('x', 20) AS text FROM generate_series(1, 200000) n",
    "mysql": "WITH RECURSIVE g AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM g WHERE n < 1000)"
    " SELECT a.n, repeat('x', 20) AS text FROM g a JOIN g b ON b.n <= 200",
}


def test_a_connection_dropped_on_the_way_is_asked_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    query = NUMBERS[server.url.partition(":")[0]]
    with dropped_once(server.url, 1_000_000) as (url, _):
        told = problem(url, query, tmp_path)
        assert told.startswith("the query failed: ") and waited == []
    with dropped_once(server.url, 1_000_000) as (url, answered):
        path = tmp_path / "answer.parquet"
        write_answer(DatabaseSource(connection=url, query=query, retries=2), tmp_path, path)
        assert len([count for count in answered if count > 1_000_000]) == 2
    assert duckdb.sql(f"SELECT count(*), count(DISTINCT n::INT) FROM '{path}'").fetchall()[0][0] == 200_000
    assert waited == [1]
    path.unlink()
    nobody = re.sub(r":\d+/", ":9/", server.url)
    with pytest.raises(LandingError, match=r"no database answers at 127.0.0.1:9 .* \(3 times\)"):
        write_answer(DatabaseSource(connection=nobody, query=query, retries=2), tmp_path, path)
    assert waited == [1, 1, 2]


def test_an_answer_comes_in_batches(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "answer.parquet"
    query = NUMBERS[server.url.partition(":")[0]]
    write_answer(DatabaseSource(connection=server.url, query=query, batch_rows=5_000), tmp_path, path)
    read = parquet.read_metadata(path)
    rows = [read.row_group(place).num_rows for place in range(read.num_row_groups)]
    assert sum(rows) == 200_000
    assert max(rows) <= 100_000


def test_first_rows_are_all_that_is_asked_for(server: Server, tmp_path: Path) -> None:
    source = DatabaseSource(connection=server.url, query="SELECT * FROM log ORDER BY id")
    assert write_first_rows(source, tmp_path, 2, tmp_path / "first.parquet") == 2


def test_a_duckdb_file_is_a_source(zone: Zone) -> None:
    with duckdb.connect(str(zone.folder / "core.duckdb")) as con:
        con.execute(LOG)
    text = MAPPING.replace("URL", "duckdb:///core.duckdb").replace("QUERY", "SELECT * FROM log")
    (load,) = zone.land(text)
    assert (load.rows_landed, load.file.startswith("duckdb:///core.duckdb#")) == (3, True)
    assert zone.land() == []


CHANGES = """
CREATE TABLE changes (id int PRIMARY KEY, received date, matter text, changed timestamp NULL);
INSERT INTO changes VALUES
    (1, '2025-01-05', 'claims', '2025-01-05 10:00:00'), (2, '2025-01-06', 'sale', '2025-03-01 10:00:00'),
    (3, '2025-01-07', 'sale', NULL), (4, '2025-01-07', 'claims', '2025-03-01 09:30:00');
"""
LATER = """
INSERT INTO changes VALUES (5, '2025-03-02', 'sale', '2025-03-02 08:00:00');
UPDATE changes SET matter = 'claims', changed = '2025-03-02 09:00:00' WHERE id = 2;
"""
FROM_CURSOR_ON = MAPPING.replace("retries: 0", "retries: 0, cursor: changed, cursor_overlap_hours: 1")


def in_force(zone: Zone) -> list[tuple[object, ...]]:
    zone.con.execute("CREATE SCHEMA IF NOT EXISTS staging; CREATE SCHEMA IF NOT EXISTS latest")
    zone.con.execute("CREATE SCHEMA IF NOT EXISTS known")
    zone.con.execute(
        "CREATE OR REPLACE TABLE staging.as_of AS SELECT TIMESTAMPTZ '2100-01-01 00:00:00+00' AS ends_at"
    )
    open_latest(zone.con)
    return zone.rows("SELECT complaint_id, category FROM latest.complaints ORDER BY ALL")


def test_from_a_cursor_on_only_what_is_new_is_asked_for_and_nothing_is_lost(server, zone: Zone) -> None:
    server.execute(CHANGES)
    text = FROM_CURSOR_ON.replace("URL", server.url).replace("QUERY", "SELECT * FROM changes ORDER BY id")
    try:
        (first,) = zone.land(text)
        # Since 09:00 of the first of March: 2 and 4, and 3, of which nobody knows when it changed.
        (overlap,) = zone.land()
        assert (first.rows_read, overlap.rows_read, overlap.rows_unchanged) == (4, 3, 3)
        assert zone.land() == []
        server.execute(LATER)
        (second,) = zone.land()
        assert (second.rows_read, second.rows_landed, second.rows_unchanged) == (4, 2, 2)
        kept = in_force(zone)
        (again,) = zone.land(text.replace("category: matter}", "category: matter, root_cause: matter}"))
        assert again.rows_read == 5
        assert in_force(zone) == kept == [
            ("1", "claims"), ("2", "claims"), ("3", "sale"), ("4", "claims"), ("5", "sale")
        ]  # fmt: skip
    finally:
        server.execute("DROP TABLE changes")


def test_a_cursor_that_the_answer_lacks_is_told(zone: Zone) -> None:
    with duckdb.connect(str(zone.folder / "core.duckdb")) as con:
        con.execute(LOG)
    text = FROM_CURSOR_ON.replace("URL", "duckdb:///core.duckdb").replace("QUERY", "SELECT * FROM log")
    with pytest.raises(LandingError, match="no column 'changed', which cursor names; it gives id, received"):
        zone.land(text)
    with pytest.raises(ValueError, match="no snapshot"):
        zone.land(text.replace("columns:", "delivery: snapshot\n    columns:"))
