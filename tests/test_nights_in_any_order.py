"""A book that comes in parts, in whatever order, gives the tables that it gives at once, to the last bit."""

import random
import re
import shutil
from pathlib import Path

import polars as pl
from conftest import leave_out_pages_and_robustness, policypulse, published
from polars.testing import assert_frame_equal
from test_same_numbers import assert_same_tables, read_rows, write_rows
from test_whole_run import current, tables

from transforms.graph import sql_models


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
