"""A query on the published version reads that version, and reaches nothing else."""

from pathlib import Path

import duckdb
import pytest

from warehouse.store import read_published


@pytest.fixture
def current(tmp_path: Path) -> Path:
    path = tmp_path / "current.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE scores AS SELECT 1 AS score")
    (tmp_path / "other.csv").write_text("secret\n1\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '{folder}/other.csv'",
        "SELECT * FROM read_text('{folder}/other.csv')",
        "COPY scores TO '{folder}/out.csv'",
        "ATTACH '{folder}/new.duckdb' AS new",
        "SET enable_external_access = true",
        "INSERT INTO scores VALUES (2)",
    ],
)
def test_a_query_reaches_no_other_file(current: Path, sql: str) -> None:
    before = {path.name for path in current.parent.iterdir()}
    with pytest.raises(duckdb.Error):
        read_published(current, sql.format(folder=current.parent))
    assert {path.name for path in current.parent.iterdir()} == before
    assert read_published(current, "SELECT score FROM scores").rows() == [(1,)]
