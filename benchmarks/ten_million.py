"""`python -m benchmarks.ten_million`: ten million policies in bounded memory, from simulation to publication.

A simulated book of a million policies is put down ten times, each time under identifiers of its own, of branches that
all share; so shares and means have to be those of the one book. The feeds of the service desk are left out. What each
stage took is printed; nothing is compared with others (`__main__.py` does).
"""

import argparse
import re
import resource
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import polars as pl
import yaml

from benchmarks.insurer import COMMAND, ROOT

BOOK = 1_000_000
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

T = TypeVar("T")


class Log:
    """What each stage took: CPU seconds, those on the wall, this process's peak and the folder's size afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.peak_gib = folder, 0.0

    def of(self, stage: str, do: Callable[[], T]) -> T:
        """Do something and print what it took."""
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        used, begin = cpu_seconds(), perf_counter()
        result = do()
        peak = peak_gib()
        self.peak_gib = max(peak, self.peak_gib)
        print(
            f"{cpu_seconds() - used:8.1f} CPU s {perf_counter() - begin:8.1f} s {peak:6.2f} GiB "
            f"{size_gib(self.folder):6.2f} GiB on disk  {stage}",
            flush=True,
        )
        return result


def main() -> None:
    """Simulate what is not there yet, then run the job on it."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.ten_million", description=__doc__)
    asked.add_argument("--books", type=int, default=10, choices=range(1, 11), help="millions of policies")
    asked.add_argument("--work", type=Path, default=Path(__file__).with_name(".work") / "ten_million")
    asked.add_argument("--memory-limit-gib", type=int, default=8)
    found = asked.parse_args()
    project = found.work / f"books_{found.books}"
    log = Log(project)
    drawn = log.of("simulated a book", lambda: simulated(found.work))
    log.of(f"put down {found.books} of it", lambda: put_down(drawn, project, found.books))
    write_project_file(project, found.memory_limit_gib)
    run(project, log)


def cpu_seconds() -> float:
    """User and system time of this process and of the children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def peak_gib() -> float:
    """The largest resident set of this process since it was asked to begin anew."""
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) / 2**20


def size_gib(folder: Path) -> float:
    """What the files of a folder take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**30


def simulated(work: Path) -> Path:
    """The folder of the one book, drawn unless it is there."""
    drawn = work / "book"
    if not (drawn / "truth.json").exists():
        size = ["--policies", str(BOOK), "--months", str(MONTHS), "--seed", str(SEED)]
        command = [*COMMAND, "simulate", "--out", str(drawn), *size]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return drawn


def put_down(drawn: Path, project: Path, books: int) -> None:
    """Write the feeds of so many books like the one drawn into a project without any."""
    shutil.rmtree(project, ignore_errors=True)
    feeds = project / "feeds"
    feeds.mkdir(parents=True)
    for name in ("policypulse.yml", "example_life.yml", "pseudonym.key"):
        shutil.copy2(drawn / name, project / name)
    files = [
        (path, feed)
        for path in sorted((drawn / "feeds").iterdir())
        for feed in FEEDS
        if re.match(rf"{feed}[._]", path.name) and not re.search("workflow|register", path.name)
    ]
    for book in range(books):
        for path, feed in files:
            take_over(path, feed, book, books, feeds)


def take_over(path: Path, feed: str, book: int, books: int, feeds: Path) -> None:
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
            feeds / f"{feed}_{book}.parquet"
        )
    else:
        place = feeds / f"{path.stem}_{book}{path.suffix}"
        with path.open("rb") as lines, place.open("wb") as out:
            while piece := lines.readlines(PIECE):
                out.write(IDENTIFIER.sub(rb"\g<1>%d\g<2>" % book, b"".join(piece)))


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


def run(folder: Path, log: Log) -> None:
    """Land, make, check and publish what `policypulse run` does, without Dagster's log."""
    from orchestration.launch import by_hand
    from orchestration.models import asked_models
    from orchestration.project import read_project
    from orchestration.session import opened

    project, begun = read_project(folder), cpu_seconds()
    with opened(by_hand(project), print) as session:
        log.of("landed", lambda: session.land(sorted(project.contracts)))
        shutil.rmtree(folder / "feeds")  # the disk is wanted for what is made of them
        log.of("checked raw", lambda: session.check(f"raw.{feed}" for feed in project.contracts))
        tables = [name for name, node in asked_models(project).items() if node.schema != "staging"]
        for schema in ("core", "kpi", "index", "marts"):
            own = [name for name in tables if name.startswith(f"{schema}.")]
            for name in own:
                made = log.of(f"made {name}", partial(session.make, name))
                print(f"{made.rows:66,} rows")
            log.of(f"checked {schema}", partial(session.check, own))
        log.of("published", session.publish)
    print(f"{cpu_seconds() - begun:.1f} CPU s in all; {log.peak_gib:.2f} GiB at most")


if __name__ == "__main__":
    main()
