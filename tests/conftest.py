"""What all tests share: where public data lies, and the published simulated insurer."""

import fcntl
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from forked import Ended, carried_out
from hypothesis import settings

# How long an example takes says nothing of what it tests.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parent.parent
POLICIES, MONTHS, SEED = 6_000, 15, 11


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of few tests, which run the whole road and take longest; two processes end together then."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: tests[item.path])


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with public data; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("POLICYPULSE_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent; set POLICYPULSE_SHARED")
    return folder


def policypulse(
    *arguments: object, code: Path = ROOT, folder: Path | None = None, **environment: str
) -> Ended:
    """Run the console command in a process of its own, from the code in `code`, in `folder` or there."""
    variables = {**os.environ, "COLUMNS": "160", **environment}
    words = [str(argument) for argument in arguments]
    if code == ROOT:
        return carried_out(words, folder or ROOT, variables)
    done = subprocess.run(
        [sys.executable, "-c", "from orchestration.cli import main; main()", *words],
        cwd=folder or code, env={**variables, "PYTHONPATH": str(code)}, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout + done.stderr)


def leave_out_pages_and_robustness(project: Path) -> None:
    """Take out of a simulated project what costs a fifth of a run, for tests that do not look at it."""
    file = project / "policypulse.yml"
    text = file.read_text(encoding="utf-8")
    plain, found = re.subn(r"^robustness: .*$", "pages: {written: false}", text, flags=re.MULTILINE)
    assert found == 1
    file.write_text(plain, encoding="utf-8")


def published(project: Path, sql: str) -> pl.DataFrame:
    """Rows of a query on the published file, opened read-only as an analyst does."""
    import duckdb

    with duckdb.connect(str((project / "warehouse" / "current.duckdb").resolve()), read_only=True) as con:
        return con.sql(sql).pl()


@pytest.fixture(scope="session")
def insurer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Project folder of a simulated insurer that has been run once, through the real job.

    All processes of a test run share it; who changes something does so in a copy.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "insurer"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            _make_insurer(folder / "project")
            (folder / "made").touch()
    return folder / "project"


def _make_insurer(project: Path) -> None:
    book = ("--policies", POLICIES, "--months", MONTHS, "--seed", SEED)
    simulated = policypulse("simulate", "--out", project, *book)
    assert simulated.status == 0, simulated.text
    first = policypulse("run", "--project", project)
    assert first.status == 0, first.text


Rows = Callable[[str], pl.DataFrame]


@pytest.fixture(scope="session")
def rows(insurer: Path) -> Rows:
    """Rows of a query on the insurer's published file."""
    return lambda sql: published(insurer, sql)
