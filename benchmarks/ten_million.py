"""`python -m benchmarks.ten_million`: ten million policies in bounded memory, up to publication, and a day more.

A simulated book is put down ten times, each time under identifiers of its own, of branches that all share; so shares
and means have to be those of the one book. The feeds of the service desk are left out. What each stage took is printed
and kept as a log (`staged_run.py`); nothing is compared with others (`__main__.py` does).
"""

import argparse
import gzip
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TextIO

import polars as pl
import yaml

from benchmarks.insurer import DAY, KNOWN, ROOT, simulated

MONTHS = 24
SEED = 21
FEEDS = (
    "claim_events", "complaints", "exposures", "org_units", "policies", "policy_events", "premiums",
    "survey_answers", "survey_invitations", "survey_questions",
)  # fmt: skip
# The same for all books.
SHARED = ("org_units", "survey_questions")
# Simulated identifiers are a letter and eight digits of which the first is 1; the book takes its place.
IDENTIFIER = re.compile(rb"\b([A-Z])1(\d{7})\b")
PIECE = 1 << 25
DISK_GIB_A_MILLION = 3.5
SAMPLED_SECONDS = 0.5


@dataclass(frozen=True)
class Took:
    """What a command took: CPU seconds, the peak of it and its children together, and the most that lay on disk."""

    cpu_s: float
    wall_s: float
    peak_gib: float
    disk_gib: float

    def __str__(self) -> str:
        return (
            f"{self.cpu_s:,.1f} CPU s, {self.wall_s:,.1f} s, {self.peak_gib:.2f} GiB of memory at most, "
            f"{self.disk_gib:.2f} GiB of disk at most"
        )


def main() -> None:
    """Simulate a book, put it down so many times, run the job on it and on a day more, and leave a log."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.ten_million", description=__doc__)
    asked.add_argument("--policies", type=int, default=10_000_000, help="of all books together (10000000)")
    asked.add_argument("--books", type=int, default=10, choices=range(1, 11), help="books alike (10)")
    asked.add_argument("--work", type=Path, default=Path(__file__).with_name(".work"))
    asked.add_argument("--memory-limit-gib", type=int, default=8)
    asked.add_argument("--keep", action="store_true", help="leave project and warehouse where they are")
    found = asked.parse_args()
    found.work.mkdir(parents=True, exist_ok=True)
    needed = found.policies / 1e6 * DISK_GIB_A_MILLION
    if (free := shutil.disk_usage(found.work).free / 2**30) < needed:
        sys.exit(
            f"{found.policies:,} policies need {needed:.0f} GiB, and {found.work} has {free:.0f} GiB left"
        )
    project = found.work / f"policies_{found.policies}_of_{found.books}_books"
    with project.with_suffix(".log").open("w", encoding="utf-8") as log:
        try:
            measure(found, project, log)
        finally:
            if not found.keep:
                shutil.rmtree(project, ignore_errors=True)


def measure(asked: argparse.Namespace, project: Path, log: TextIO) -> None:
    """The full run, and the next day's with what was recorded on it."""
    limit, books = asked.memory_limit_gib, asked.books
    tell(log, f"{asked.policies:,} policies in {books} books, {MONTHS} months, memory_limit_gib: {limit}")
    drawn = simulated(asked.work, asked.policies // books, MONTHS, SEED)
    shutil.rmtree(project, ignore_errors=True)
    (project / "feeds").mkdir(parents=True)
    for name in ("policypulse.yml", "example_life.yml", "pseudonym.key"):
        shutil.copy2(drawn / name, project / name)
    write_project_file(project, limit)
    rows = put_down(drawn / "feeds", project / "feeds", books)
    tell(log, f"As of {KNOWN}, {rows:,} lines of feeds:")
    full = run(project, KNOWN, log)
    tell(log, f"{full}; {full.cpu_s / asked.policies * 1e6:.1f} CPU s a million")
    rows = put_down(drawn / "day", project / "feeds", books)
    tell(log, f"As of {DAY}, {rows:,} lines more:")
    day = run(project, DAY, log)
    tell(log, f"{day}; {day.cpu_s / full.cpu_s:.1%} of the full run's CPU")


def run(project: Path, as_of: str, log: TextIO) -> Took:
    """Run the job in a process of its own; what it says is told as it is said. Ends this one if it fails."""
    command = [sys.executable, "-m", "benchmarks.staged_run", str(project), as_of, "--delete-landed"]
    begin = perf_counter()
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    peaks, ended = [0.0, 0.0], threading.Event()
    watching = threading.Thread(target=watch, args=(child.pid, project, ended, peaks))
    watching.start()
    assert child.stdout
    for line in child.stdout:
        tell(log, line.rstrip("\n"))
    _, status, usage = os.wait4(child.pid, 0)
    ended.set()
    watching.join()
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        tell(log, f"ended with status {child.returncode}")
        sys.exit(1)
    peak = max(peaks[0], usage.ru_maxrss / 2**20)
    return Took(usage.ru_utime + usage.ru_stime, perf_counter() - begin, peak, peaks[1])


def tell(log: TextIO, line: str) -> None:
    """Print a line and keep it."""
    print(line, flush=True)
    print(line, file=log, flush=True)


def watch(process: int, folder: Path, ended: threading.Event, peaks: list[float]) -> None:
    """Note the largest sum of resident sets of a process and its children, and of the files of a folder, in GiB."""
    while not ended.wait(SAMPLED_SECONDS):
        peaks[0] = max(peaks[0], sum(map(resident_gib, family(process))))
        peaks[1] = max(peaks[1], size_gib(folder))


def family(process: int) -> Iterator[int]:
    """A process and all that it has started, directly or not."""
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in content(children).split():
            yield from family(int(child))


def resident_gib(process: int) -> float:
    """The resident set of a process; nothing if it has ended."""
    pages = content(Path(f"/proc/{process}/statm")).split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") / 2**30 if pages else 0


def content(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def size_gib(folder: Path) -> float:
    """What the files of a folder take."""
    found = 0
    for path in folder.rglob("*"):
        try:
            found += path.lstat().st_blocks * 512
        except OSError:
            continue  # deleted since it was listed
    return found / 2**30


def put_down(drawn: Path, feeds: Path, books: int) -> int:
    """Write each file of feeds for so many books like the one drawn; returns how many lines or rows that were."""
    files = [
        (path, feed)
        for path in sorted(drawn.iterdir())
        for feed in FEEDS
        if re.match(rf"{feed}[._]", path.name) and not re.search("workflow|register", path.name)
    ]
    return sum(take_over(path, feed, book, books, feeds) for book in range(books) for path, feed in files)


def take_over(path: Path, feed: str, book: int, books: int, feeds: Path) -> int:
    """Put a file down once more, its identifiers apart from those of other books."""
    if feed in SHARED:
        shutil.copy2(path, feeds / path.name)
    elif feed == "exposures":
        # They are of branches, which are so many times as large.
        rows = pl.read_csv(path)
        numbers = [name for name, dtype in rows.schema.items() if dtype.is_numeric()]
        rows.with_columns(pl.col(numbers) * books).write_csv(feeds / path.name, float_precision=2)
    elif path.suffix == ".parquet":
        rows = pl.read_parquet(path)
        ids = [name for name in rows.columns if name.endswith("_id")]
        rows.with_columns(pl.col(ids).str.replace("1", str(book), literal=True)).write_parquet(
            feeds / f"{path.stem}_{book}.parquet"
        )
        return rows.height
    else:
        return _rewritten(path, book, feeds)
    return 0


def _rewritten(path: Path, book: int, feeds: Path) -> int:
    """Write the lines of a file, which may be compressed, with the book's identifiers."""
    name, _, ending = path.name.removesuffix(".gz").rpartition(".")
    count = 0
    with (
        gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines,
        (feeds / f"{name}_{book}.{ending}").open("wb") as out,
    ):
        while piece := lines.readlines(PIECE):
            count += len(piece)
            out.write(IDENTIFIER.sub(rb"\g<1>%d\g<2>" % book, b"".join(piece)))
    return count


def write_project_file(project: Path, memory_limit_gib: int) -> None:
    """The project file of the simulated insurer, of the feeds that are there."""
    file = project / "policypulse.yml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    cuts = [
        cut
        for cut in content["cuts"]
        if cut not in ("service_channel", "customer_segment", "tier", "province")
    ]
    keys = ("insurer", "time_zone", "calendar", "as_of", "warehouse", "months", "pseudonyms", "persistency")
    kept = {key: content[key] for key in (*keys, "exposure_study")}
    kept |= {
        "cuts": cuts,
        "index": {"frameworks": ["example_life.yml"]},
        "memory_limit_gib": memory_limit_gib,
    }
    kept |= {"pages": {"written": False}, "complaints": {"mis_selling": ["sales"]}, "keep_versions": 1}
    kept["feeds"] = {feed: content["feeds"][feed] for feed in FEEDS}
    for feed, sources in kept["feeds"].items():
        del sources[1:]
        sources[0]["files"] = f"feeds/{feed}*"
    file.write_text(yaml.safe_dump(kept, sort_keys=False, allow_unicode=True), encoding="utf-8")


if __name__ == "__main__":
    main()
