"""Who competes: the job of this project, the one DuckDB script, and dbt-duckdb, all on the same files.

How they are measured is in `measure.py`; what the peers compute is in `sql/`.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks import dbt_peer
from benchmarks.measure import Contender

ROOT = Path(__file__).parent.parent
AS_OF = "2025-12-31"
NAMES = ("policypulse", "duckdb", "dbt")
_COMMAND = [sys.executable, "-c", "from orchestration.cli import main; main()"]


def simulated(work: Path, policies: int, months: int, seed: int) -> Path:
    """The project folder of a simulated insurer, written unless it is there already."""
    folder = work / f"insurer_{policies}_{months}_{seed}"
    if not (folder / "run.csv").exists():
        size = ["--policies", str(policies), "--months", str(months), "--seed", str(seed)]
        command = [*_COMMAND, "simulate", "--out", str(folder), *size]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        # What the peers would otherwise read from the project file.
        (folder / "run.csv").write_text(f"as_of,months\n{AS_OF},{months}\n", encoding="utf-8")
    return folder


def contenders(names: Iterable[str], project: Path, work: Path) -> list[Contender]:
    """The programs of these names, each with a result of its own in the project folder."""
    makers = {"policypulse": _policypulse, "duckdb": _duckdb, "dbt": _dbt}
    return [makers[name](project, work) for name in NAMES if name in names]


def _policypulse(project: Path, work: Path) -> Contender:
    del work
    warehouse = project / "warehouse"
    return Contender(
        "policypulse",
        "policypulse run",
        lambda: shutil.rmtree(warehouse, ignore_errors=True),
        [*_COMMAND, "run", "--project", str(project)],
        {},
        warehouse / "current.duckdb",
    )


def _duckdb(project: Path, work: Path) -> Contender:
    del work
    database = project / "bare.duckdb"
    return Contender(
        "duckdb",
        "one DuckDB script",
        lambda: database.unlink(missing_ok=True),
        [sys.executable, str(ROOT / "benchmarks" / "bare_duckdb.py"), str(project), str(database)],
        {},
        database,
    )


def _dbt(project: Path, work: Path) -> Contender:
    database, folder = project / "dbt.duckdb", work / "dbt_project"
    dbt = dbt_peer.install(work / "dbt_environment")
    dbt_peer.write_project(folder)
    return Contender(
        "dbt",
        "dbt-duckdb",
        lambda: database.unlink(missing_ok=True),
        dbt_peer.build_command(dbt, folder),
        dbt_peer.build_environment(project, database),
        database,
    )
