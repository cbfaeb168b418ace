"""Readers in a loop while versions are published: each time they find a whole version, and never an older one again."""

import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.folder import Folder
from warehouse.publish import publish
from warehouse.store import Store

READER = """
import sys
from pathlib import Path
import duckdb
current, stop = Path(sys.argv[1]), Path(sys.argv[2])
reads = errors = mixed = last = 0
while not stop.exists():
    try:
        with duckdb.connect(str(current), read_only=True) as con:
            seen = {row for table in ("first", "second") for row in con.execute(f"FROM core.{table}").fetchall()}
    except Exception as error:
        errors += 1
        print(error, file=sys.stderr)
        continue
    reads += 1
    ((number,),) = seen if len(seen) == 1 else ((-1,),)
    mixed += number < last
    last = number
print(reads, errors, mixed)
"""


def publish_next(folder: Folder, number: int) -> None:
    """What a run does to the files that readers may have open: opens, makes, compacts, publishes and tidies up."""
    with Store(folder) as store:
        for table in ("first", "second"):
            store.replace(f"core.{table}", f"SELECT {number} AS number")
        store.compact()
        publish(folder, keep_versions=1)


@pytest.mark.parametrize(("publications", "readers"), [(8, 1), pytest.param(50, 3, marks=pytest.mark.faults)])
def test_readers_find_whole_versions_in_order_while_others_are_published(
    tmp_path: Path, publications: int, readers: int
):
    folder, stop = Folder(tmp_path), tmp_path / "stop"
    publish_next(folder, 1)
    loops = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(folder.current), str(stop)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(readers)
    ]  # fmt: skip
    for number in range(2, publications + 1):
        seen = folder.current.resolve()
        publish_next(folder, number)
        assert seen.exists(), "somebody may just be opening it"
    stop.touch()
    for loop in loops:
        said, wrong = loop.communicate(timeout=120)
        reads, errors, mixed = map(int, said.split())
        print(f"{publications} publications, {reads} reads, {errors} errors, {mixed} mixed")
        assert (errors, mixed) == (0, 0), wrong
        assert reads > 0
