"""`python -m benchmarks.staged_run PROJECT AS_OF`: a run of a project as of a day, and what each of its stages took.

Does what `policypulse run` does, without Dagster's log, in a process of its own; nothing is compared with others.
"""

import argparse
import re
import resource
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from orchestration.launch import by_hand
from orchestration.models import asked_models
from orchestration.project import read_project
from orchestration.session import opened

T = TypeVar("T")


def main() -> None:
    """Land, make, check and publish."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.staged_run", description=__doc__)
    asked.add_argument("project", type=Path)
    asked.add_argument("as_of", type=date.fromisoformat)
    asked.add_argument("--delete-landed", action="store_true", help="delete the files of feeds once landed")
    found = asked.parse_args()
    project = read_project(found.project)
    with opened(by_hand(project, found.as_of), print) as session:
        _told("landed", lambda: session.land(sorted(project.contracts)))
        if found.delete_landed:
            for file in (found.project / "feeds").iterdir():
                file.unlink()
        _told("checked raw", lambda: session.check(f"raw.{feed}" for feed in project.contracts))
        tables = [name for name, node in asked_models(project).items() if node.schema != "staging"]
        for schema in ("core", "kpi", "index", "marts"):
            own = [name for name in tables if name.startswith(f"{schema}.")]
            for name in own:
                made = _told(f"made {name}", partial(session.make, name))
                changed = session.remade[name].rows_changed
                by_key = "made whole" if changed is None else f"{changed:,} changed"
                print(f"{made.rows:66,} rows, {by_key}", flush=True)
            _told(f"checked {schema}", partial(session.check, own))
        _told("published", session.publish)


def _told(stage: str, do: Callable[[], T]) -> T:
    """Do something and print the CPU seconds, those on the wall and the peak of this process that it took."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    used, begin = _cpu_seconds(), perf_counter()
    result = do()
    print(
        f"{_cpu_seconds() - used:8.1f} CPU s {perf_counter() - begin:8.1f} s {_peak_gib():6.2f} GiB  {stage}",
        flush=True,
    )
    return result


def _cpu_seconds() -> float:
    """User and system time of this process and of the children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def _peak_gib() -> float:
    """The largest resident set of this process since it was asked to begin anew."""
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) / 2**20


if __name__ == "__main__":
    main()
