"""The peers of the benchmark compute what the job computes: a comparison of speed is only fair between equals."""

import os
import subprocess
from pathlib import Path

import duckdb
import pytest
from conftest import MONTHS

from benchmarks import dbt_peer
from benchmarks.bare_duckdb import build, write_run_file
from benchmarks.compare import compared
from benchmarks.insurer import QUIET
from benchmarks.models import MODELS


@pytest.fixture(scope="module")
def peer_project(insurer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The insurer's feeds beside what the peers need to know of its project file."""
    folder = tmp_path_factory.mktemp("peers")
    (folder / "feeds").symlink_to(insurer / "feeds", target_is_directory=True)
    write_run_file(folder, QUIET, MONTHS)
    return folder


@pytest.fixture(scope="module")
def bare(peer_project: Path) -> Path:
    database = peer_project / "bare.duckdb"
    build(peer_project, database)
    return database


def test_one_duckdb_script_gives_the_records_of_the_job(insurer: Path, bare: Path) -> None:
    found = compared(insurer / "warehouse" / "current.duckdb", bare)
    assert found.agrees, found
    assert found.records > 10_000
    assert found.intervals > 5_000


def test_dbt_gives_the_records_of_the_job(insurer: Path, peer_project: Path) -> None:
    dbt = dbt_peer.executable(dbt_peer.ENVIRONMENT)
    if not dbt.exists():
        pytest.skip("dbt is not installed; `make bench` installs it in an environment of its own")
    database, folder = peer_project / "dbt.duckdb", peer_project / "dbt_project"
    dbt_peer.write_project(folder)
    variables = {**os.environ, **dbt_peer.build_environment(peer_project, database)}
    done = subprocess.run(
        dbt_peer.command("build", dbt, folder), env=variables, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert compared(insurer / "warehouse" / "current.duckdb", database).agrees


def test_the_models_of_dbt_name_every_table_by_ref(tmp_path: Path) -> None:
    dbt_peer.write_project(tmp_path)
    names = {f"{model.schema}.{model.name}" for model in MODELS}
    for model in MODELS:
        text = (tmp_path / "models" / f"{model.schema}_{model.name}.sql").read_text(encoding="utf-8")
        assert text.startswith("{{ config("), model
        assert not names & {word.strip("(),") for line in _statement(text) for word in line.split()}, model


def _statement(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.strip().startswith("--")]


def test_what_differs_is_counted(bare: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.duckdb"
    changed.write_bytes(bare.read_bytes())
    with duckdb.connect(str(changed)) as con:
        place = "kpi = 'claim_open_count' AND cut = 'company' AND period"
        con.execute(f"UPDATE kpi.monthly SET value = value + 1e-3 WHERE {place} = DATE '2025-06-01'")
        con.execute(f"UPDATE kpi.monthly SET n_excluded = n_excluded + 1 WHERE {place} = DATE '2025-07-01'")
        con.execute(f"DELETE FROM kpi.monthly WHERE {place} = DATE '2025-08-01'")
        con.execute("DELETE FROM core.exposure_months WHERE month = DATE '2025-08-01'")
    found = compared(bare, changed)
    assert (found.missing, found.further, found.differing) == (0, 1, 2)
    assert found.by_column == {"value": 1, "n_excluded": 1}
    assert found.tables_differing == ("exposure_months",)
    assert not found.agrees
    assert compared(changed, bare).missing == 1
