"""What the console shows of queries: every column and value on any screen, all rows to files."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from orchestration.commands.console import headline_table, plain_console, print_line, print_query, print_rows

WIDE = "SELECT 'complaint_on_time_share' AS kpi, 0.9230769230769231::DOUBLE AS value, DATE '2025-03-01' AS period"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "current.duckdb"
    duckdb.connect(str(path)).close()
    return path


@pytest.mark.parametrize("width", [20, 60, 200])
def test_a_row_is_whole_on_any_screen(width: int):
    out = io.StringIO()
    console = plain_console(out)
    console.width = width
    print_rows(console, duckdb.sql(WIDE).pl())
    shown = out.getvalue()
    for text in ("complaint_on_time_share", "0.9230769230769231", "2025-03-01", "kpi", "value", "period"):
        assert text in shown


def test_csv_and_json_have_all_rows_and_exact_values(published: Path, capsys: pytest.CaptureFixture[str]):
    sql = f"SELECT *, [i, NULL] AS parts, NULL AS nothing FROM ({WIDE}), range(1500) AS numbers(i)"
    assert print_query(published, sql, "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert print_query(published, sql, "json") == 0
    records = json.loads(capsys.readouterr().out)
    assert len(rows) == len(records) == 1500
    assert float(rows[0]["value"]) == records[0]["value"] == 0.9230769230769231
    assert (rows[7]["parts"], records[7]["parts"]) == ("[7, null]", [7, None])
    assert (rows[0]["nothing"], records[0]["nothing"]) == ("", None)
    assert rows[0]["period"] == records[0]["period"] == "2025-03-01"


@pytest.mark.parametrize("sql", ["", "selec 1", "SELECT * FROM nowhere", "CREATE TABLE t (i INT)"])
def test_a_query_that_has_no_rows_is_refused_in_words(
    published: Path, sql: str, capsys: pytest.CaptureFixture[str]
):
    assert print_query(published, sql, "table") == 2
    told = capsys.readouterr()
    assert told.err.startswith("The query failed: ") and "Traceback" not in told.err
    assert told.out == ""


def test_a_warning_is_one_line_of_a_log_and_wraps_between_words_on_a_terminal():
    line = "warning: index.nodes segments_have_scores: 3 violations of what is said here at some length for the test"
    log, screen = io.StringIO(), io.StringIO()
    print_line(plain_console(log), line)
    assert log.getvalue() == f"{line}\n"
    print_line(Console(file=screen, force_terminal=True, width=40, markup=False, highlight=False), line)
    shown = screen.getvalue().splitlines()
    assert max(map(len, shown)) <= 40
    assert " ".join(" ".join(shown).split()) == line


def test_the_summary_tells_two_versions_of_a_framework_apart():
    row = {"period": date(2025, 3, 1), "framework": "own", "node": "index", "level": 0, "score": 71.0,
           "grade": None, "coverage": 1.0, "status": "ok"}  # fmt: skip
    out = io.StringIO()
    plain_console(out).print(headline_table([{**row, "framework_version": v} for v in ("2024", "2025")]))
    found = [line.split() for line in out.getvalue().splitlines() if "2025-03" in line]
    assert [(cells[3], cells[5]) for cells in found] == [("own", "2024"), ("own", "2025")]
