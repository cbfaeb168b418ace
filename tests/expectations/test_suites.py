"""The files of what must hold: they cover the tables, agree with the contracts, and mistakes in them are named."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot

from expectations.suites import ROOM, SuiteError, checks, read_audit, read_suite
from orchestration.models import models
from transforms.model import Transform
from warehouse.contract import contracts

TABLES = {check.table for check in checks()}
SUITE = """
expectations:
  - name: id_not_null
    description: Without it, nothing.
    severity: critical
    type: expect_column_values_to_not_be_null
    kwargs: {column: id}
"""
AUDIT = """/*
Something holds.
severity: warning
tables: core.claims, raw.*
*/
SELECT * FROM {batch} WHERE FALSE;
"""


def graph() -> dict[str, object]:
    return {name: node.model for name, node in models().items()}


def test_every_table_has_checks_and_every_check_a_table() -> None:
    made = {name for name in graph() if not name.startswith("staging.")}
    assert made | {f"raw.{feed}" for feed in contracts()} == TABLES


def test_every_declared_grain_is_checked_or_refined_and_blocks() -> None:
    unique = {check.table: check for check in checks() if check.name == "grain_unique"}
    for name, model in graph().items():
        if not name.startswith("staging."):
            assert unique[name].blocking
            assert all(column in unique[name].sql for column in model.grain), name
            assert isinstance(model, Transform) or name.startswith("marts.")


def test_codes_are_those_of_the_contract() -> None:
    sets = [c for c in checks() if c.table.startswith("raw.") and "value_set" in c.kwargs]
    assert sets
    for check in sets:
        column = contracts()[check.table.removeprefix("raw.")].columns[check.kwargs["column"]]
        assert check.kwargs["value_set"] == list(column.codes), check.path


def test_keys_of_the_contract_must_be_filled() -> None:
    for feed, contract in contracts().items():
        demanded = " ".join(c.sql or "" for c in checks() if c.table == f"raw.{feed}" and c.blocking)
        for name, column in contract.columns.items():
            if column.required:
                assert f"{name} IS NULL" in demanded, (feed, name)


def test_names_tell_checks_of_a_table_apart_and_descriptions_are_sentences() -> None:
    assert len({(check.table, check.name) for check in checks()}) == len(checks())
    assert all(check.name.isidentifier() and check.name == check.name.lower() for check in checks())
    assert all(check.description.endswith(".") for check in checks())


def test_suite_queries_look_at_their_own_table_only() -> None:
    for check in checks():
        if check.sql and check.path.suffix == ".yml":
            tables = {
                f"{t.db}.{t.name}"
                for t in sqlglot.parse_one(check.sql, dialect="duckdb").find_all(sqlglot.exp.Table)
                if t.db
            }
            # What counts as known by the day of the run is no other table's affair.
            assert tables - {"staging.as_of"} == {check.table}, check.path


def test_reading_the_suites_imports_no_library_that_is_slow() -> None:
    code = (
        "import sys, expectations.run, expectations.suites as s; assert s.checks();"
        "slow = {'great_expectations', 'duckdb', 'polars', 'sqlalchemy', 'dagster'} & set(sys.modules);"
        "assert not slow, slow"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOM.parent, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_suite_is_read(tmp_path: Path) -> None:
    (check,) = read_suite(written(tmp_path, "core/claims.yml", SUITE))
    assert (check.table, check.name, check.blocking, check.sql) == ("core.claims", "id_not_null", True, None)
    assert check.kwargs == {"column": "id"}


def test_audit_is_a_check_of_each_of_its_tables(tmp_path: Path) -> None:
    written(tmp_path, "raw/complaints.yml", SUITE)
    found = read_audit(written(tmp_path, "audits/something_holds.sql", AUDIT))
    assert [(c.table, c.name) for c in found] == [
        ("core.claims", "something_holds"),
        ("raw.complaints", "something_holds"),
    ]
    assert found[1].sql == "SELECT * FROM raw.complaints WHERE FALSE"
    assert not found[0].blocking


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "severity: critical",
            "severity: high",
            r"expectations\.0\.severity: input should be 'critical', 'warning' or 'info'",
        ),
        ("severity: critical", "", r"expectations\.0\.severity: is required"),
        (
            "severity:",
            "serverity:",
            r"expectations\.0\.serverity: there is no such key; did you mean severity?",
        ),
        ("to_not_be_null", "to_be_nice", r"expectations\.0\.type: 'expect_column_values_to_be_nice'"),
        ("{column: id}", "{colum: id}", r"expectations\.0\.kwargs: unknown key 'colum'"),
        ("    kwargs: {column: id}\n", "", r"expectations\.0\.kwargs: the key 'column' is missing"),
        ("{column: id}", "id", r"expectations\.0\.kwargs: input should be a valid dictionary"),
        ("id_not_null", "Id not null", r"expectations\.0\.name: 'Id not null' is not in snake_case"),
        (
            "Without it, nothing.",
            '""',
            r"expectations\.0\.description: string should have at least 1 character",
        ),
        ("expectations:\n", "checks:\n", "checks: there is no such key; known are expectations"),
        ("expectations:\n", "expectations: [\n", "this is not YAML"),
    ],
)
def test_mistake_in_a_suite_names_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = written(tmp_path, "core/claims.yml", SUITE.replace(old, new))
    with pytest.raises(SuiteError, match=message) as raised:
        read_suite(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("severity: warning\n", "", "severity: missing"),
        ("warning", "bad", "severity: input should be 'critical'"),
        ("tables: core.claims", "tables: claims", "tables: 'claims' is not a table"),
        ("tables:", "table:", "table: an audit has severity and tables"),
        ("Something holds.\n", "", "description: missing"),
        ("/*", "--", "open the file with a comment"),
        ("SELECT", "DELETE", "write a SELECT"),
    ],
)
def test_mistake_in_an_audit_names_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = written(tmp_path, "audits/something_holds.sql", AUDIT.replace(old, new, 1))
    with pytest.raises(SuiteError, match=message) as raised:
        read_audit(path)
    assert str(path) in str(raised.value)


def test_two_checks_of_one_name_are_refused(tmp_path: Path) -> None:
    written(tmp_path, "core/claims.yml", SUITE)
    written(tmp_path, "audits/id_not_null.sql", AUDIT)
    with pytest.raises(SuiteError, match=r"core\.claims has a check 'id_not_null' already"):
        checks(tmp_path)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
