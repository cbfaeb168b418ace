"""Another distribution with a package of one of our names: the command says so, in a line and before anything else."""

import os
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

from policypulse import PACKAGES

START = "from policypulse import main; main()"


def started(*path) -> subprocess.CompletedProcess:
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [sys.executable, "-c", START, "--help"]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, cwd=path[0])


def test_alone_it_starts():
    assert "Usage" in started(ROOT).stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_that_comes_first_on_the_path_is_named_with_its_place(tmp_path, package):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").touch()
    done = started(tmp_path, ROOT)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert (
        f"its package {package} is found in {tmp_path / package} instead of {ROOT / package}" in done.stderr
    )


def test_a_distribution_that_wrote_over_a_package_of_ours_is_named(tmp_path):
    site = tmp_path / "site"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, site / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "policypulse.py", site)
    (site / "transforms" / "__init__.py").write_text("from transforms.linear import Rotation\n")
    told = site / "geometry-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: geometry\nVersion: 1.0\n")
    (told / "top_level.txt").write_text("transforms\n")
    done = started(site)
    assert done.returncode == 2
    assert "the distribution geometry has written into its package transforms" in done.stderr
