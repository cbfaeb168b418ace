"""Who competes: the job of this project, the one DuckDB script, and dbt-duckdb, all on the same files.

How they are measured is in `measure.py`; what the peers compute is in `sql/`.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks import dbt_peer
from benchmarks.bare_duckdb import write_run_file
from benchmarks.measure import Contender, environment

ROOT = Path(__file__).parent.parent
# The simulated insurer's last day.
AS_OF = "2025-12-31"
NAMES = ("policypulse", "duckdb", "dbt")
_IMPORTS = "import dagster, great_expectations, polars, scipy.special, orchestration.commands.run"
_COMMAND = [sys.executable, "-c", "from orchestration.cli import main; main()"]


def simulated(work: Path, policies: int, months: int, seed: int) -> Path:
    """The project folder of a simulated insurer, written unless it is there already."""
    folder = work / f"insurer_{policies}_{months}_{seed}"
    if not (folder / "run.csv").exists():
        size = ["--policies", str(policies), "--months", str(months), "--seed", str(seed)]
        command = [*_COMMAND, "simulate", "--out", str(folder), *size]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        write_run_file(folder, AS_OF, months)
    return folder


def contenders(names: Iterable[str], project: Path) -> list[Contender]:
    """The programs of these names, each with a result of its own in the project folder."""
    makers = {"policypulse": _policypulse, "duckdb": _duckdb, "dbt": _dbt}
    return [makers[name](project) for name in NAMES if name in names]


def _policypulse(project: Path) -> Contender:
    warehouse = project / "warehouse"
    # Every later import finds compiled modules, as on a machine that has run the job before.
    subprocess.run([sys.executable, "-c", _IMPORTS], cwd=ROOT, env=environment({}), check=True)
    return Contender(
        "policypulse",
        "policypulse run",
        lambda: shutil.rmtree(warehouse, ignore_errors=True),
        [*_COMMAND, "run", "--project", str(project)],
        {},
        warehouse / "current.duckdb",
    )


def _duckdb(project: Path) -> Contender:
    database = project / "bare.duckdb"
    return Contender(
        "duckdb",
        "one DuckDB script",
        lambda: database.unlink(missing_ok=True),
        [sys.executable, str(ROOT / "benchmarks" / "bare_duckdb.py"), str(project), str(database)],
        {},
        database,
    )


def _dbt(project: Path) -> Contender:
    database, folder = project / "dbt.duckdb", project / "dbt_project"
    dbt = dbt_peer.install(dbt_peer.ENVIRONMENT)
    dbt_peer.write_project(folder)
    variables = dbt_peer.build_environment(project, database)
    # dbt keeps what it has parsed; a run in daily use finds it.
    parse = dbt_peer.command("parse", dbt, folder)
    subprocess.run(parse, env=environment(variables), check=True, stdout=subprocess.DEVNULL)
    return Contender(
        "dbt",
        "dbt-duckdb",
        lambda: database.unlink(missing_ok=True),
        dbt_peer.command("build", dbt, folder),
        variables,
        database,
    )
