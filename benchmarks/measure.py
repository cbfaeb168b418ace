"""Runs whole processes and measures them: wall clock, processor time and peak memory of each.

What is run is decided in `contenders.py`; how results are shown in `report.py`.
"""

import os
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

_TAIL_LINES = 25


class RunFailed(Exception):
    """A measured process ended with an error; the message has the end of what it said."""


@dataclass(frozen=True)
class Contender:
    """One of the programs that are compared: how to clear its place, and the command that does the work."""

    name: str
    title: str
    prepare: Callable[[], None]
    command: Sequence[str]
    variables: Mapping[str, str]
    result: Path


@dataclass(frozen=True)
class Measured:
    """What one process took; CPU is user and system time of it and its children on all cores."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def measured(contender: Contender, folder: Path, log: Path) -> Measured:
    """Run the program once on cleared ground, in `folder`, and wait for its end; raises RunFailed."""
    contender.prepare()
    with log.open("wb") as output:
        begin = perf_counter()
        child = subprocess.Popen(
            contender.command,
            cwd=folder,
            env=environment(contender.variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = perf_counter() - begin
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        said = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:])
        raise RunFailed(
            f"{contender.title} ended with status {child.returncode}; it said at the end:\n{said}"
        )
    # Linux counts the resident set in KiB.
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's variables with `variables`, so that imports may keep what they compiled, as they do by default."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | dict(
        variables
    )


def in_turn(
    stages: Sequence[Sequence[Contender]],
    folder: Path,
    logs: Path,
    *,
    warm_ups: int,
    runs: int,
    say: Callable[[str], None],
    after: Callable[[Sequence[Contender]], None],
) -> dict[str, Measured]:
    """The median of each program over `runs` rounds in which they take turns, after `warm_ups` uncounted ones.

    `after` is given each stage once its results are there, in the last round.
    """
    counted: dict[str, list[Measured]] = {contender.name: [] for stage in stages for contender in stage}
    for turn in range(warm_ups + runs):
        for stage in stages:
            for contender in stage:
                found = measured(contender, folder, logs / f"{contender.name}.log")
                counts = turn >= warm_ups
                if counts:
                    counted[contender.name].append(found)
                say(
                    f"  {'run' if counts else 'warm-up'} {turn - warm_ups + 1 if counts else turn + 1}: "
                    f"{contender.title} {found.wall_s:.1f} s wall, {found.cpu_s:.1f} s CPU, {found.peak_mib:,.0f} MiB"
                )
            if turn == warm_ups + runs - 1:
                after(stage)
    return {name: median_of(results) for name, results in counted.items()}


def median_of(results: Sequence[Measured]) -> Measured:
    """The median of each figure by itself."""
    return Measured(
        statistics.median(result.wall_s for result in results),
        statistics.median(result.cpu_s for result in results),
        statistics.median(result.peak_mib for result in results),
    )
