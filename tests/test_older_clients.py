"""The published file in the hands of clients that are older than the DuckDB which wrote it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from warehouse.folder import Folder
from warehouse.store import Store

OLD = "1.2.*"
ASKED = """
import duckdb, json, sys
con = duckdb.connect(sys.argv[1], read_only=True)
tables = con.execute("SELECT schema_name || '.' || table_name, comment FROM duckdb_tables()").fetchall()
columns = con.execute("SELECT count(*) FROM duckdb_columns() WHERE comment IS NOT NULL").fetchall()
counts = {table: con.execute(f"SELECT count(hash(rows)) FROM {table} AS rows").fetchone()[0] for table, _ in tables}
comments = {table: comment for table, comment in tables}
print(json.dumps([duckdb.__version__, counts, comments, columns[0][0]]))
"""


def uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        pytest.skip("no uv, which would install an older DuckDB")
    return found


def test_an_older_duckdb_reads_every_published_table_and_its_comments(insurer):
    current = (insurer / "warehouse" / "current.duckdb").resolve()
    command = [uv(), "run", "--quiet", "--no-project", "--isolated", "--python", sys.executable]
    asked = subprocess.run(
        [*command, "--with", f"duckdb=={OLD}", "python", "-c", ASKED, str(current)],
        capture_output=True, text=True, timeout=300, cwd=insurer,
    )  # fmt: skip
    if asked.returncode and "Traceback" not in asked.stderr:
        pytest.skip(f"duckdb {OLD} cannot be had: {asked.stderr.strip()}")
    assert asked.returncode == 0, asked.stderr
    version, counts, comments, commented = json.loads(asked.stdout)
    assert version.startswith(OLD.rstrip("*"))
    with duckdb.connect(str(current), read_only=True) as con:
        tables = con.execute(
            "SELECT schema_name || '.' || table_name, comment, estimated_size FROM duckdb_tables()"
        ).fetchall()
        columns = con.execute("SELECT count(*) FROM duckdb_columns() WHERE comment IS NOT NULL").fetchall()
    assert comments == {table: comment for table, comment, _ in tables}
    assert counts == {table: rows for table, _, rows in tables}
    assert commented == columns[0][0] > len(tables)


def test_a_build_of_an_earlier_release_is_copied_once_with_all_it_holds(tmp_path):
    folder = Folder(tmp_path)
    with duckdb.connect(str(folder.build)) as con:
        con.execute("CREATE SCHEMA core; CREATE TABLE core.claims AS SELECT range AS claim_id FROM range(9)")
        con.execute("COMMENT ON COLUMN core.claims.claim_id IS 'the claim'")
    folder.build.chmod(0o600)
    with Store(folder) as store:
        (told,) = store.notices
        assert "DuckDB v1.2.0 and later" in told
        assert store.read("core.claims")["claim_id"].to_list() == [*range(9)]
        comments = store.query("SELECT comment FROM duckdb_columns() WHERE comment IS NOT NULL")
        assert comments["comment"].to_list() == ["the claim"]
    with Store(folder) as store:
        assert store.notices == []
