"""The peer that is a framework: dbt-duckdb makes the models of `sql/` and tests them, in an environment of its own.

What it tests is in `dbt_project/`; the models are written beside it from the same files the other peer runs. For a day
more they can be incremental: what has been read of the feeds is kept, and only the files of the day are read.
"""

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.models import FEED_FILES, MODELS, Model

PROJECT = Path(__file__).with_name("dbt_project")
ENVIRONMENT = Path(__file__).parent / ".work" / "dbt_environment"
# dbt-core 1.12 downloads a parser while it is installed.
REQUIREMENTS = ("dbt-core==1.11.16", "dbt-duckdb==1.11.1", f"duckdb=={version('duckdb')}")
THREADS = 2

_TABLE = re.compile(rf"\b({'|'.join(f'{m.schema}[.]{m.name}' for m in MODELS)})\b")
_MATERIALIZED = {"table": "table", "passing": "table", "view": "view"}


def executable(environment: Path) -> Path:
    """The dbt of an environment."""
    return environment / "bin" / "dbt"


def install(environment: Path) -> Path:
    """Make the environment if it is not there yet; returns its dbt."""
    dbt = executable(environment)
    if not dbt.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        python = str(environment / "bin" / "python")
        uv = Path(sys.executable).with_name("uv")
        installer = (
            [str(uv), "pip", "install", "--python", python]
            if uv.exists()
            else [python, "-m", "pip", "install"]
        )
        subprocess.run([*installer, "--quiet", *REQUIREMENTS], check=True)
    return dbt


def write_project(folder: Path, day: str | None = None) -> None:
    """Write the dbt project: its settings and tests, and the models with ref() for the names of tables.

    With a `day`, records as delivered are incremental: a second build adds the files that have it in their names.
    """
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    for model in MODELS:
        (folder / "models" / f"{model.schema}_{model.name}.sql").write_text(
            _as_dbt(model, day), encoding="utf-8"
        )


def _as_dbt(model: Model, day: str | None) -> str:
    adds = day is not None and model.name.endswith("_delivered")
    kind = "incremental" if adds else _MATERIALIZED[model.storage]
    stored = adds or model.schema in ("core", "kpi")
    place = f"schema='{model.schema}'" if stored else f"database='{model.schema}'"
    config = f"materialized='{kind}', alias='{model.name}', {place}"
    sql = _TABLE.sub(lambda found: f"{{{{ ref('{found[1].replace('.', '_')}') }}}}", model.sql)
    if adds:
        sql = FEED_FILES.sub(
            lambda found: (
                f"{{{{ 'feeds/{found[1]}_{day}.{found[2]}' if is_incremental() else '{found[0]}' }}}}"
            ),
            sql,
        )
    return f"{{{{ config({config}) }}}}\n{sql}"


def command(verb: str, dbt: Path, folder: Path) -> list[str]:
    """`dbt parse`, or `dbt build`, which makes and tests every model."""
    return [str(dbt), verb, "--project-dir", str(folder), "--profiles-dir", str(folder)]


def build_environment(project: Path, database: Path) -> dict[str, str]:
    """The variables that tell dbt where the feeds and the result are."""
    return {
        "BENCH_PROJECT": str(project.resolve()),
        "BENCH_DATABASE": str(database.resolve()),
        "BENCH_THREADS": str(THREADS),
        "DO_NOT_TRACK": "1",
    }
