"""What a data engineer is told when a file does not land."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import duckdb
import pytest

from warehouse.landing.discretion import discreet_message
from warehouse.landing.errors import LandingError

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

CSV = "ID,RECEIVED,MATTER\n1,2025-01-05,claims\n2,2025-01-06,sales\n"
MAPPING = """
complaints:
  - files: "*.csv"
    max_reject_share: 0.5
    columns: {complaint_id: ID, received_on: RECEIVED, category: MATTER}
"""


def test_a_missing_column(zone: Zone) -> None:
    zone.write("c.csv", CSV)
    told = zone.problem(MAPPING.replace("MATTER", "MATER"))
    assert told == (
        "complaints: c.csv: has no column 'MATER', which feeds.complaints[0].columns.category names;"
        " did you mean 'MATTER'? Columns found: ID, RECEIVED, MATTER"
    )


@pytest.mark.parametrize(
    "line", ["110101199001011234,2025-01-05,王伟\n", "1,Li Wei,open\n2,Wang Fang,open\n"]
)
def test_a_first_line_of_data_is_not_shown(zone: Zone, line: str) -> None:
    zone.write("c.csv", line)
    told = zone.problem(MAPPING)
    assert told.endswith(
        "names; the first line, of 3 fields, looks like data and not like a header: put one above it"
    )


def test_a_missing_column_of_an_expression(zone: Zone) -> None:
    zone.write("c.csv", CSV)
    told = zone.problem(MAPPING.replace("category: MATTER", "category: {sql: upper(MOTTER)}"))
    assert "has no column 'MOTTER', which feeds.complaints[0].columns.category.sql names" in told


def test_an_expression_that_does_not_work(zone: Zone) -> None:
    zone.write("c.csv", CSV)
    told = zone.problem(MAPPING.replace("category: MATTER", "category: {sql: MATTER + 1}"))
    assert "feeds.complaints[0].columns.category.sql does not work here" in told
    told = zone.problem(MAPPING.replace("columns:", "where: ID\n    columns:"))
    assert "feeds.complaints[0].where is not a condition" in told


def test_a_wrong_date_format(zone: Zone) -> None:
    days = "".join(f"{day},{day}/01/2025,claims\n" for day in range(13, 29))
    zone.write("c.csv", "ID,RECEIVED,MATTER\n" + days + "40,2025-01-05,claims\n")
    told = zone.problem(MAPPING)
    assert told == (
        "complaints: c.csv: 16 of 17 rows break the contract (94.1%; max_reject_share allows 50.0%),"
        " so nothing of it was landed\n"
        "  16 × received_on (from RECEIVED): not a date (YYYY-MM-DD), for example '13/01/2025',"
        " which looks like %d/%m/%Y\n"
        "  the first of them:\n"
        "    line 2, received_on: not a date (YYYY-MM-DD): '13/01/2025'\n"
        "    line 3, received_on: not a date (YYYY-MM-DD): '14/01/2025'\n"
        "    line 4, received_on: not a date (YYYY-MM-DD): '15/01/2025'\n"
        "    line 5, received_on: not a date (YYYY-MM-DD): '16/01/2025'\n"
        "    line 6, received_on: not a date (YYYY-MM-DD): '17/01/2025'"
    )
    for table in ("complaints", "rejects", "loads", "files"):
        assert zone.rows(f"SELECT count(*) FROM raw.{table}") == [(0,)]


def test_a_file_with_too_many_unknown_codes_is_mended_by_its_mapping(zone: Zone) -> None:
    zone.write("c.csv", CSV)
    wrong = MAPPING.replace("category: MATTER", "outcome: {column: MATTER, codes: {claims: upheld}}")
    told = zone.problem(wrong.replace("0.5", "0.4"))
    assert "1 × outcome (from MATTER): unknown code 'sales'" in told
    (load,) = zone.land(wrong.replace("{claims: upheld}", "{claims: upheld, sales: withdrawn}"))
    assert (load.rows_landed, load.rows_rejected) == (2, 0)


def test_exactly_the_allowed_share_lands(zone: Zone) -> None:
    zone.write("c.csv", CSV.replace("2025-01-06", "x"))
    (load,) = zone.land(MAPPING)
    assert (load.rows_landed, load.rows_rejected) == (1, 1)


def test_other_files_land_when_one_does_not(zone: Zone) -> None:
    zone.write("a.csv", CSV)
    zone.write("b.csv", "")
    zone.write("c.csv", CSV.replace("MATTER", "OTHER"))
    with pytest.raises(LandingError) as raised:
        zone.land(MAPPING)
    assert [told.split(": ")[1] for told in raised.value.problems] == ["b.csv", "c.csv"]
    assert [load.file for load in raised.value.loads] == ["a.csv"]
    assert zone.pending() == ["b.csv", "c.csv"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"\n1,2\n", "no header line"),
        ("a.csv", "ID,RECEIVED,理赔\n".encode("gbk"), "csv.encoding"),
        ("a.csv", CSV.encode() + b'3,2025-01-05,"open\n4,2025-01-05,x\n', "near line 4 and not closed"),
        ("a.csv.gz", CSV.encode(), "Not a gzipped file"),
        ("a.csv.gz", gzip.compress(CSV.encode(), mtime=0)[:-9], "its end is missing"),
        ("a.parquet", b"PAR1", "cannot be read"),
        ("a.xlsx", b"PK", "cannot be read"),
        ("a.ndjson", b"ID,RECEIVED\n", "no line holds a JSON object"),
        ("a.dat", CSV.encode(), "add `format:`"),
    ],
)
def test_an_unreadable_file(name: str, content: bytes, said: str, zone: Zone) -> None:
    zone.write(name, content, age_days=2)
    told = zone.problem(MAPPING.replace("*.csv", name))
    assert told.startswith(f"complaints: {name}: ")
    assert said in told


def test_no_file_at_all(zone: Zone) -> None:
    told = zone.problem(MAPPING)
    assert told.startswith("feeds.complaints[0].files: no file in ")
    assert told.endswith(" matches *.csv")
    zone.write("c.csv", CSV).rename(zone.write("d.csv", CSV))
    zone.land(MAPPING)
    (zone.folder / "d.csv").unlink()
    assert zone.land() == []


def test_an_unknown_feed_and_a_wrong_mapping(zone: Zone) -> None:
    zone.write("c.csv", CSV)
    assert (
        zone.problem(MAPPING.replace("complaints:", "complaint:"))
        == "unknown feed 'complaint'; did you mean 'complaints'?"
    )
    assert "feeds.complaints[0].columns.closed" in zone.problem(MAPPING.replace("category", "closed"))


def test_a_database_tells_neither_password_nor_lies(zone: Zone) -> None:
    query = '{connection: "sqlite://me:secret@/absent.db", query: SELECT 1}'
    told = zone.problem(MAPPING.replace('files: "*.csv"', f"database: {query}"))
    assert "the query failed: unable to open database file" in told
    assert "secret" not in told


def test_a_database_quotes_what_it_was_asked_and_no_value(zone: Zone) -> None:
    with duckdb.connect(str(zone.folder / "core.duckdb")) as con:
        con.execute("CREATE TABLE log AS SELECT 'Li Wei' AS who")

    def told(query: str) -> str:
        source = f'{{connection: "duckdb:///core.duckdb", query: {query}}}'
        return zone.problem(MAPPING.replace('files: "*.csv"', f"database: {source}"))

    assert "Could not convert string (6 characters) to INT32" in told("SELECT who::INT AS id FROM log")
    assert 'Referenced column "id" not found' in told("SELECT id FROM log")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Type VARCHAR with value Li Wei can't be cast",
            "Type VARCHAR with value (6 characters) can't be cast",
        ),
        ("Incorrect value: 'O'Brien' for column 'who'", "Incorrect value: (7 characters) for column 'who'"),
        (
            'invalid input syntax for type integer: "x"',
            "invalid input syntax for type integer: (1 character)",
        ),
        ("value 13912345678 is too long", "value [number] is too long"),
    ],
)
def test_what_is_no_persons_is_left_of_what_others_say(said: str, told: str) -> None:
    assert discreet_message(said, "SELECT who FROM log") == told
