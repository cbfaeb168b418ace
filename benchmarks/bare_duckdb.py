"""The peer without a framework: one process runs the statements of `sql/` in order, without checks.

`python benchmarks/bare_duckdb.py PROJECT DATABASE` reads the feeds of a simulated insurer and writes core.*
and kpi.monthly into a new DuckDB file. It keeps neither raw rows nor rejects, and identifiers as they are.
"""

import sys
from pathlib import Path
from time import perf_counter

import duckdb

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.models import MODELS

PASSING_SCHEMAS = ("staging", "measured")
STORED_SCHEMAS = ("core", "kpi")


def write_run_file(project: Path, as_of: str, months: int) -> None:
    """Write what the peers would otherwise read from the project file: the last day and the number of months."""
    (project / "run.csv").write_text(f"as_of,months\n{as_of},{months}\n", encoding="utf-8")


def build(project: Path, database: Path, *, verbose: bool = False) -> None:
    """Make every model from the feeds in `project`; what only passes through is held in memory."""
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("SET preserve_insertion_order = false")
        con.execute("SET file_search_path = ?", [str(project.resolve())])
        for schema in PASSING_SCHEMAS:
            con.execute(f"ATTACH ':memory:' AS {schema}")
        for schema in STORED_SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        for model in MODELS:
            begin = perf_counter()
            kind = "VIEW" if model.storage == "view" else "TABLE"
            con.execute(f"CREATE {kind} {model.schema}.{model.name} AS {model.sql}")
            if verbose:
                print(f"{perf_counter() - begin:8.3f} s  {model.schema}.{model.name}")


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]), verbose="--verbose" in sys.argv)
