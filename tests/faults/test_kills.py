"""Killed anywhere, a run takes nothing from readers, and the next one ends where one that was not killed does.

Each point is a run killed by SIGKILL, what readers see then, and the next run. `make faults` has all points.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.evidence import (
    content,
    copied,
    found,
    landed,
    left_behind,
    noted,
    project,
    second_delivery,
    seen,
    warehouse,
)
from tests.faults.road import COMMAND, STEPS, Kill, Road

KILLED = -9
BEFORE_PUBLICATION = ("land", "make", "check")


@dataclass(frozen=True)
class Point:
    """One kill: from which state, in which step, after which part of it, told in calls of ours or in time.

    A command that begins with "a landing" makes a month anew, of which readers see the new as of what has landed.
    """

    begins_with: str
    step: str
    part: float
    by: str
    again: float | None = None
    """The part after which the next run is killed too."""

    def __str__(self) -> str:
        again = f", again {self.again:.3f}" if self.again else ""
        return f"{self.begins_with}, {self.step} {self.part:.3f} by {self.by}{again}"


def points(seed: int = 17) -> Iterator[Point]:
    """The points of the campaign, the same for the same seed."""
    draw = random.Random(seed)
    wanted = [
        ("nothing", "land", "calls", 25), ("nothing", "land", "time", 10),
        ("a delivery", "land", "calls", 25), ("a delivery", "land", "time", 10),
        ("nothing", "make", "time", 12), ("a delivery", "make", "time", 18),
        ("a delivery", "check", "time", 5),
        ("a first build", "publish", "calls", 20), ("a first build", "publish", "time", 10),
        ("a build", "publish", "calls", 30), ("a build", "publish", "time", 15),
        ("a delivery", "make", "calls", 20),
        ("a delivery", COMMAND, "calls", 12), ("a delivery", COMMAND, "time", 8),
        ("a landing", COMMAND, "calls", 15), ("a landing", COMMAND, "time", 10),
    ]  # fmt: skip
    for state, step, by, count in wanted:
        for _ in range(count):
            yield Point(state, step, draw.random(), by)
    for _ in range(15):
        # The swap, the ledger and what is noted come last.
        yield Point("a build", "publish", 1 - 0.1 * draw.random() ** 2, "calls")
    for _ in range(5):
        yield Point("a build", "publish", draw.random(), "calls", draw.random())


EVERY = list(points())
USUAL = [
    Point("a delivery", "land", 0.6, "calls"),
    Point("a delivery", "make", 0.5, "time"),
    Point("a build", "publish", 0.5, "time"),
    Point("a build", "publish", 0.995, "calls", 0.97),
]


ARGUMENTS = {"a landing": ("--months", "2025-06")}


@dataclass
class States:
    """Projects in the states that runs begin with, and what two runs that nothing happened to have made of them."""

    road: Road
    folder: Path
    lasting: dict[str, dict[str, Any]]
    old: dict[str, Any]
    new: dict[str, Any]

    def commanded(self, begun: str) -> Any:
        """What readers see after the command on a state that nothing happens to, which is carried out once."""
        whole = self.lasting.get(f"{begun} {COMMAND}")
        if whole is None:
            start = copied(self.folder / begun, self.folder / "commanded" / begun)
            ended = self.road.run(start, COMMAND, arguments=ARGUMENTS.get(begun, ()), count=True)
            assert ended.status == 0, ended.said
            whole = {"calls": ended.calls[COMMAND], "seconds": ended.seconds, "seen": seen(start)}
            self.lasting[f"{begun} {COMMAND}"] = whole
        return whole["seen"]


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory, road: Road) -> States:
    folder = tmp_path_factory.mktemp("states")
    lasting: dict[str, dict[str, Any]] = {}

    def ran(project: Path, *steps: str) -> None:
        ended = road.run(project, *steps, count=True)
        assert ended.status == 0, ended.said
        state = {"nothing": "a first build", "a delivery": "a build"}.get(project.name, project.name)
        for step in steps:
            whole = {"calls": ended.calls[step], "seconds": ended.seconds / len(steps)}
            lasting[f"{project.name} {step}"] = lasting[f"{state} {step}"] = whole

    first = project(folder / "nothing")
    for begun, built in (("nothing", "a first build"), ("a delivery", "a build")):
        start = copied(first, folder / "run" / begun)
        for step in ("land", "make", "check"):
            ran(start, step)
            if (begun, step) == ("a delivery", "land"):
                copied(start, folder / "a landing")
        copied(start, folder / built)
        ran(start, "publish")
        if begun == "nothing":
            old = found(start)
            first = copied(start, folder / "a delivery")
            second_delivery(first)
    new = found(start)
    assert old["seen"] != new["seen"]
    for before, after in zip(old["history"], new["history"], strict=True):
        assert before < after, "each publication adds to the history"
    return States(road, folder, lasting, old, new)


def kill_at(states: States, point: Point, part: float) -> Kill:
    whole = states.lasting[f"{point.begins_with} {point.step}"]
    if point.by == "calls":
        return Kill(point.step, call=1 + int(part * (whole["calls"] - 1)))
    return Kill(point.step, seconds=part * whole["seconds"])


@pytest.mark.parametrize(
    "point", [*USUAL, *(pytest.param(point, marks=pytest.mark.faults) for point in EVERY)], ids=str
)
def test_after_a_kill_readers_have_what_they_had_or_the_new_and_the_next_run_ends_as_it_should(
    states: States, tmp_path: Path, point: Point
):
    killed = copied(states.folder / point.begins_with, tmp_path / "project")
    is_first = point.begins_with in ("nothing", "a first build")
    old, new = (None, states.old) if is_first else (states.old, states.new)
    steps = STEPS[: STEPS.index(point.step) + 1] if point.step in BEFORE_PUBLICATION else (point.step,)
    if point.step == COMMAND:
        new = {**new, "seen": states.commanded(point.begins_with)}
    for part in filter(None, (point.part, point.again)):
        arguments = ARGUMENTS.get(point.begins_with, ())
        ended = states.road.run(killed, *steps, arguments=arguments, kill=kill_at(states, point, part))
        # One that was done before its time came is a run like any other.
        assert ended.status in (KILLED, 0), ended.said
        before = old["seen"] if old else None
        allowed = [before] if point.step in BEFORE_PUBLICATION else [before, new["seen"]]
        assert seen(killed) in allowed
    if point.step == "land":
        assert states.road.run(killed, "land").status == 0
        assert landed(killed) == new["landed"]
        return
    ended = states.road.run(killed, *(STEPS if point.step in BEFORE_PUBLICATION else steps))
    assert ended.status == 0, ended.said
    new = states.old if is_first else states.new
    assert found(killed) == new
    assert noted(killed) == new["history"]
    assert not left_behind(killed)
    assert all(content(version) for version in warehouse(killed).versions.glob("*.duckdb"))
