"""The wheel: all that the packages hold and no other top level, and a command that works from it alone."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from conftest import ROOT

from policypulse import PACKAGES
from warehouse.landing.keys import create_key_file

ENDINGS = {".py", ".sql", ".yml", ".csv", ".typed", ".html", ".css"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy: what an earlier build left beside the sources would go into it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE", "policypulse.py"):
        shutil.copy(ROOT / file, source)
    (source / "examples").mkdir()
    built = subprocess.run(
        [sys.executable, "-c", f"from setuptools import build_meta; build_meta.build_wheel({str(out)!r})"],
        cwd=source, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (path,) = out.glob("*.whl")
    return path


def test_it_holds_the_files_of_our_packages_and_no_other_top_level(wheel):
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert {name.partition("/")[0] for name in names} == {*PACKAGES, "policypulse.py"}
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in ENDINGS)
    assert set(names) == {str(path.relative_to(ROOT)) for path in files} | {"policypulse.py"}


def run(asked, folder, variables):
    """What the command says, which has to succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "policypulse", *asked],
        cwd=folder, env=variables, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_command_works_from_it_alone(wheel, tmp_path):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    variables = {**os.environ, "PYTHONPATH": str(site)}
    run(["simulate", "--out", "p", "--policies", "300", "--months", "12"], tmp_path, variables)
    assert "are in order" in run(["check", "--project", "p"], tmp_path, variables)

    # A project of own files alone, outside the sources.
    shutil.copytree(ROOT / "examples" / "own_models", tmp_path / "own")
    create_key_file(tmp_path / "pseudonym.key")
    variables |= {"POLICYPULSE_DATA": str(tmp_path / "p"), "POLICYPULSE_WAREHOUSES": str(tmp_path)}
    assert "are in order" in run(["check", "--project", "own"], tmp_path, variables)
    assert "Published" in run(["run", "--project", "own"], tmp_path, variables)
    asked = (
        "SELECT table_name FROM catalog.tables WHERE NOT starts_with(source_file, 'transforms/') ORDER BY ALL"
    )
    found = run(["query", asked, "--project", "own", "--format", "csv"], tmp_path, variables)
    assert {"core.second_looks", "core.decisions", "marts.disputes_by_month", "raw.second_looks"} <= set(
        found.split()
    )
