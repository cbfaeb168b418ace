"""Who competes: the job of this project, the one DuckDB script, and dbt-duckdb, all on the same files.

How they are measured is in `measure.py`; what the peers compute is in `sql/`, what lands when in `insurer.py`.
"""

import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from benchmarks import dbt_peer
from benchmarks.bare_duckdb import write_run_file
from benchmarks.insurer import COMMAND, DAY, KNOWN, QUIET, ROOT, land_day, take_day_back
from benchmarks.measure import Contender, environment

NAMES = ("policypulse", "asked", "duckdb", "dbt")
DAYS = "days"
# What is set against what; a pair is shown where both were run.
RATIOS = (
    ("policypulse", "duckdb"),
    ("policypulse", "dbt"),
    ("asked", "duckdb"),
    ("asked", "dbt"),
    ("day", "policypulse"),
    ("day", "dbt_day"),
    ("asked_day", "asked"),
    ("asked_day", "dbt_day"),
    ("dbt_day", "dbt"),
    ("quiet", "policypulse"),
    ("nothing", "policypulse"),
)
_IMPORTS = "import dagster, great_expectations, polars, scipy.special, orchestration.commands.run"


def stages(names: Collection[str], project: Path, months: int) -> list[list[Contender]]:
    """The programs of these names, stage after stage: whole runs; a day more; a day that brings nothing.

    What one stage leaves behind is what the next begins with; results of one stage are to agree.
    """
    # Every later import finds compiled modules, as on a machine that has run the job before.
    subprocess.run([sys.executable, "-c", _IMPORTS], cwd=ROOT, env=environment({}), check=True)
    whole, day, quiet = [], [], []
    if "policypulse" in names:
        whole.append(_run("policypulse", "policypulse run", project, project, KNOWN))
        day.append(_run("day", "a day more: policypulse run", project, project, DAY))
        quiet.append(_run("quiet", "a day without a record", project, project, QUIET))
        quiet.append(_run("nothing", "nothing to do", project, project, QUIET))
    if "asked" in names:
        whole.append(
            _run("asked", "policypulse run, what the peers compute", project / "asked", project, KNOWN)
        )
        day.append(_run("asked_day", "a day more: what the peers compute", project / "asked", project, DAY))
    if "duckdb" in names:
        whole.append(_duckdb(project, months))
    if "dbt" in names:
        whole.append(_dbt(project, months))
        day.append(_dbt_day(project, months))
    return [whole, day, quiet] if DAYS in names else [whole]


def _run(name: str, title: str, folder: Path, project: Path, as_of: str) -> Contender:
    warehouse = folder / "warehouse"

    def prepare() -> None:
        if as_of == KNOWN:
            shutil.rmtree(warehouse, ignore_errors=True)
            take_day_back(project)
        elif as_of == DAY:
            land_day(project)

    command = [*COMMAND, "run", "--project", str(folder), "--as-of", as_of]
    return Contender(name, title, prepare, command, {}, warehouse / "current.duckdb")


def _duckdb(project: Path, months: int) -> Contender:
    database = project / "bare.duckdb"

    def prepare() -> None:
        database.unlink(missing_ok=True)
        _only_known(project, months)

    script = str(ROOT / "benchmarks" / "bare_duckdb.py")
    command = [sys.executable, script, str(project), str(database)]
    return Contender("duckdb", "one DuckDB script", prepare, command, {}, database)


def _dbt(project: Path, months: int) -> Contender:
    database, folder = project / "dbt.duckdb", project / "dbt_project"
    command, variables = _dbt_command(project, database, folder, incremental=False)

    def prepare() -> None:
        database.unlink(missing_ok=True)
        _only_known(project, months)

    return Contender("dbt", "dbt-duckdb", prepare, command, variables, database)


def _dbt_day(project: Path, months: int) -> Contender:
    database, folder = project / "dbt_days.duckdb", project / "dbt_days"
    command, variables = _dbt_command(project, database, folder, incremental=True)

    def prepare() -> None:
        database.unlink(missing_ok=True)
        _only_known(project, months)
        subprocess.run(command, env=environment(variables), check=True, stdout=subprocess.DEVNULL)
        land_day(project)
        write_run_file(project, DAY, months)

    title = "a day more: dbt-duckdb, incremental"
    return Contender("dbt_day", title, prepare, command, variables, database)


def _dbt_command(
    project: Path, database: Path, folder: Path, *, incremental: bool
) -> tuple[list[str], dict[str, str]]:
    """What builds the dbt project, which is written anew, and the variables it needs."""
    dbt = dbt_peer.install(dbt_peer.ENVIRONMENT)
    dbt_peer.write_project(folder, day=DAY if incremental else None)
    variables = dbt_peer.build_environment(project, database)
    # dbt keeps what it has parsed; a run in daily use finds it.
    parse = dbt_peer.command("parse", dbt, folder)
    subprocess.run(parse, env=environment(variables), check=True, stdout=subprocess.DEVNULL)
    return dbt_peer.command("build", dbt, folder), variables


def _only_known(project: Path, months: int) -> None:
    take_day_back(project)
    write_run_file(project, KNOWN, months)
