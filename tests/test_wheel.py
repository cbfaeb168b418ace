"""The wheel: all that the packages hold and no other top level, and a command that works from it alone."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from conftest import ROOT

from policypulse import PACKAGES

ENDINGS = {".py", ".sql", ".yml", ".csv", ".typed"}


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


def test_the_command_works_from_it_alone(wheel, tmp_path):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    variables = {**os.environ, "PYTHONPATH": str(site)}
    for asked in (
        ["simulate", "--out", "p", "--policies", "100", "--months", "1"],
        ["check", "--project", "p"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "policypulse", *asked],
            cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    assert "are in order" in done.stdout
