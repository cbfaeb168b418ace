"""The same input gives the same numbers, bit for bit: whatever the order of its rows and the number of threads.

On which nights it came is asked in `test_nights_in_any_order.py`.
"""

import gzip
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
from conftest import ROOT
from polars.testing import assert_frame_equal
from test_whole_run import current, tables

COMPUTED = ("core.", "kpi.", "index.", "marts.")
# What was published when is of the run, not of the input.
HISTORY = {"kpi.history", "index.history", "marts.restatements"}
ON_ONE_PROCESSOR = """\
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from orchestration.cli import main
main()
"""


def read_rows(file: Path) -> tuple[list[bytes], list[bytes]]:
    """The header of a text file, empty where it has none, and its lines."""
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    lines = content.splitlines(keepends=True)
    return ([] if file.suffix == ".ndjson" else [lines.pop(0)]), lines


def write_rows(file: Path, lines: list[bytes]) -> None:
    """Write a text file, packed if its name says so."""
    content = b"".join(lines)
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)


def shuffle_rows(file: Path, order: random.Random) -> None:
    """Put the rows of a file in another order; a header stays on top."""
    if file.suffix == ".parquet":
        pl.read_parquet(file).sample(fraction=1, shuffle=True, seed=order.randrange(1000)).write_parquet(file)
        return
    header, lines = read_rows(file)
    order.shuffle(lines)
    write_rows(file, [*header, *lines])


def assert_same_tables(one: Path, other: Path) -> None:
    """Two projects have published the same core, KPIs, index and marts, to the last bit."""
    first, second = tables(current(one)), tables(current(other))
    computed = {name for name in first if name.startswith(COMPUTED)} - HISTORY
    assert len(computed) > 40
    assert computed == {name for name in second if name.startswith(COMPUTED)} - HISTORY
    for name in sorted(computed):
        assert_frame_equal(first[name], second[name], check_exact=True)


def test_shuffled_rows_on_one_processor_give_the_same_tables_bit_for_bit(insurer, tmp_path):
    again = tmp_path / "project"
    shutil.copytree(insurer, again, ignore=shutil.ignore_patterns("warehouse"))
    with (again / "policypulse.yml").open("a", encoding="utf-8") as file:
        file.write("pages: {written: false}\n")
    order = random.Random(5)
    for file in sorted((again / "feeds").iterdir()):
        shuffle_rows(file, order)
    command = [sys.executable, "-c", ON_ONE_PROCESSOR, "run", "--project", str(again)]
    run = subprocess.run(command, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stdout + run.stderr
    assert_same_tables(insurer, again)
