"""What the tests of faults share, and what a campaign ends with: how many faults, and how many lost something."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

from tests.faults.evidence import copied, found, project, second_delivery
from tests.faults.road import COMMAND, Road


@dataclass(frozen=True)
class Nights:
    """A project before its first run and before the next, and what these make of it where nothing happens."""

    nothing: Path
    delivery: Path
    first: dict[str, Any]
    second: dict[str, Any]


@pytest.fixture(scope="session")
def road() -> Iterator[Road]:
    """The process that runs are forked from, which costs seconds to begin."""
    road = Road()
    yield road
    road.close()


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory, road: Road) -> Nights:
    """Two nights of which tests take copies."""
    folder = tmp_path_factory.mktemp("nights")
    nothing = project(folder / "nothing")
    run = copied(nothing, folder / "run")
    assert road.run(run, COMMAND).status == 0
    first = found(run)
    second_delivery(run)
    delivery = copied(run, folder / "delivery")
    assert road.run(run, COMMAND).status == 0
    return Nights(nothing, delivery, first, found(run))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the count of each test of this folder that was tried often."""
    tried: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    reports: list[Any] = [
        report
        for outcome in ("passed", "failed", "error")
        for report in terminalreporter.stats.get(outcome, ())
    ]
    for report in reports:
        path, _, test = report.nodeid.partition("::")
        if path.startswith("tests/faults/") and "[" in test:
            name = test.partition("[")[0].removeprefix("test_").replace("_", " ")
            tried[name] += 1
            lost[name] += report.outcome != "passed"
    for name, count in sorted(tried.items()):
        terminalreporter.write_line(f"{count:4} faults, {lost[name]} lost: {name}")
