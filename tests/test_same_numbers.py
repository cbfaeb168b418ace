"""The same input gives the same numbers, bit for bit: whatever the order of its rows, the number of threads, the nights
on which it came."""

import gzip
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
from conftest import ROOT, leave_out_pages_and_robustness, policypulse, published
from polars.testing import assert_frame_equal
from test_whole_run import current, tables

from transforms.graph import sql_models

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


def deal_rows(file: Path, parts: list[Path], order: random.Random) -> None:
    """Deal the rows of a file out to files of the same kind, any row to any of them."""
    names = [part / file.name.replace(".", f"_{number}.", 1) for number, part in enumerate(parts)]
    if file.suffix == ".parquet":
        rows = pl.read_parquet(file)
        dealt = pl.Series([order.randrange(len(parts)) for _ in range(rows.height)], dtype=pl.Int64)
        for number, name in enumerate(names):
            rows.filter(dealt == number).write_parquet(name)
        return
    header, lines = read_rows(file)
    to = [order.randrange(len(parts)) for _ in lines]
    for number, name in enumerate(names):
        write_rows(name, [*header, *(line for line, part in zip(lines, to, strict=True) if part == number)])


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


def test_three_nights_in_any_order_give_the_same_tables_as_all_at_once(tmp_path):
    nights, at_once = tmp_path / "nights", tmp_path / "at_once"
    made = policypulse("simulate", "--out", nights, "--policies", 800, "--months", 6, "--seed", 3)
    assert made.status == 0, made.text
    leave_out_pages_and_robustness(nights)
    project = nights / "policypulse.yml"
    # Every file of a feed may come in parts, the rejects of the whole in any of them.
    parted = re.sub(
        r"files: feeds/(\w+?)_?\*?(\..*)", r"files: feeds/\1_*\2\n      max_reject_share: 1",
        project.read_text(encoding="utf-8"),
    )  # fmt: skip
    project.write_text(parted, encoding="utf-8")
    parts = [tmp_path / f"part_{number}" for number in range(3)]
    for part in parts:
        part.mkdir()
    order = random.Random(8)
    feeds = nights / "feeds"
    for file in sorted(feeds.iterdir()):
        deal_rows(file, parts, order)
        file.unlink()
    shutil.copytree(nights, at_once)
    for part in parts:
        shutil.copytree(part, at_once / "feeds", dirs_exist_ok=True)
    order.shuffle(parts)
    for part in parts:
        shutil.copytree(part, feeds, dirs_exist_ok=True)
        night = policypulse("run", "--project", nights)
        assert "Landed" in night.text, night.text
    assert night.status == 0, night.text
    whole = policypulse("run", "--project", at_once)
    assert whole.status == 0, whole.text
    assert_same_tables(nights, at_once)
    told = tables(current(nights))
    assert_restated_as_the_ledger_has_it(told["marts.restatements"], told["kpi.history"])
    assert tables(current(at_once))["marts.restatements"].is_empty()
    (example,) = (model.example for model in sql_models() if model.name == "marts.restatements")
    assert published(nights, example).height > 0


def assert_restated_as_the_ledger_has_it(restated: pl.DataFrame, ledger: pl.DataFrame) -> None:
    """What a version says is restated is what its ledger has two rows of, the newest of this publication."""
    key = ["kpi", "basis", "cut", "segment", "period"]
    newest = ledger["published_at"].max()
    said = ledger.sort("published_at").group_by(key).agg(pl.col("value", "published_at").tail(2))
    twice = said.filter(pl.col("value").list.len() == 2, pl.col("published_at").list.last() == newest)
    expected = twice.select(
        *key, value_before=pl.col("value").list.first(), value_after=pl.col("value").list.last()
    )
    found = restated.filter(pl.col("kind") == "kpi").rename({"measure": "kpi"}).select(expected.columns)
    assert expected.height > 100
    assert_frame_equal(found, expected, check_row_order=False, check_exact=True)
    assert restated.filter(pl.col("why") == "late data").height > restated.height / 20
