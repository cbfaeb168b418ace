"""Runs that are killed on their way: each in a process of its own, forked from one that has everything imported.

A run is asked for step by step (land, make, check, publish) and may be killed in one of them by SIGKILL: so many
seconds after the step has begun, or at the n-th call that our code makes in it. What must then hold is asked by tests.
"""

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STEPS = ("land", "make", "check", "publish")
_OURS = tuple(
    str(ROOT / part) for part in ("warehouse", "orchestration/session.py", "orchestration/fingerprint.py")
)


@dataclass(frozen=True)
class Kill:
    """Where a run is killed: in which step, and how long after its beginning or at which call of ours."""

    step: str
    seconds: float | None = None
    call: int | None = None


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit status (-9 where it was killed), what it said, and the calls of ours of each step."""

    status: int
    said: str
    calls: dict[str, int]
    seconds: float


class Road:
    """The process that others are forked from."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.road"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"COLUMNS": "160"},
        )  # fmt: skip

    def run(
        self, project: Path, *steps: str, kill: Kill | None = None, count: bool = False, **surroundings: Any
    ) -> Ended:
        """Carry out steps of a run, by default all; `surroundings` are parameters of `_surrounded`."""
        order = {
            "project": str(project),
            "steps": steps or STEPS,
            "kill": asdict(kill) if kill else None,
            "count": count,
            "surroundings": surroundings,
        }
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)


def _serve() -> None:
    """Answer orders until there are no more."""
    import great_expectations.expectations  # noqa: F401

    import orchestration.commands.run
    import orchestration.definitions
    import orchestration.session  # noqa: F401

    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        print(json.dumps(asdict(_carried_out(json.loads(line)))), file=answers, flush=True)


def _carried_out(order: dict[str, Any]) -> Ended:
    begun, begins = os.pipe()
    said = Path(order["project"]).with_suffix(".said")
    kill = Kill(**order["kill"]) if order["kill"] else None
    since = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(begun)
        _become_the_run(order, kill, begins, said)
    os.close(begins)
    if kill and kill.seconds is not None and os.read(begun, 1):
        time.sleep(kill.seconds)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(begun)
    text = said.read_text(encoding="utf-8")
    calls = [line.split() for line in text.splitlines() if line.startswith("calls ")]
    return Ended(
        os.waitstatus_to_exitcode(status),
        "\n".join(line for line in text.splitlines() if not line.startswith("calls ")),
        {step: int(count) for _, step, count in calls},
        time.monotonic() - since,
    )


def _become_the_run(order: dict[str, Any], kill: Kill | None, begins: int, said: Path) -> None:
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    status = 1
    try:
        with _surrounded(**order["surroundings"]):
            status = _take(Path(order["project"]), order["steps"], kill, begins, order["count"])
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _take(folder: Path, steps: list[str], kill: Kill | None, begins: int, count: bool) -> int:
    """Carry out the steps on the project's warehouse, or the command itself where that is asked for."""
    if steps == ["command"]:
        sys.argv = ["policypulse", "run", "--project", str(folder)]
        from orchestration.cli import main

        os.write(begins, b"!")
        return main() or 0
    from orchestration.checks import asked_checks
    from orchestration.launch import by_hand
    from orchestration.models import asked_models
    from orchestration.project import read_project
    from orchestration.session import Session, opened

    project = read_project(folder)

    def make(session: Session) -> None:
        for table, node in asked_models(project).items():
            if node.schema != "staging":
                session.make(table)

    doing: dict[str, Callable[[Session], object]] = {
        "land": lambda session: session.land(project.contracts),
        "make": make,
        "check": lambda session: session.check({check.table for check in asked_checks(project)}),
        "publish": lambda session: session.publish(),
    }
    with opened(by_hand(project), print) as session:
        for step in steps:
            here = kill if kill and kill.step == step else None
            if here:
                os.write(begins, b"!")
            last = here.call if here else None
            with _counted(step, last) if count or last else nullcontext():
                doing[step](session)
    return 0


@contextmanager
def _counted(step: str, last: int | None) -> Iterator[None]:
    """Count the calls that our code makes, into the log; kill this process at the last one that it may make."""
    calls = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        if event in ("call", "c_call") and frame.f_code.co_filename.startswith(_OURS):
            calls += 1
            if calls == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(None)
        print(f"calls {step} {calls}")


@contextmanager
def _surrounded(
    largest_file: int | None = None, clock: str | None = None, jumps_seconds: float = 0
) -> Iterator[None]:
    """What a run finds: a limit on the size of files in bytes, a clock set to a time, that jumps at each look at it."""
    if largest_file is not None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    if clock is not None:
        _set_clock(datetime.fromisoformat(clock), timedelta(seconds=jumps_seconds))
    yield


def _set_clock(at: datetime, jump: timedelta) -> None:
    """Have our modules read another clock; that of the machine is everybody's."""
    now = at

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            nonlocal now
            now += jump
            return now.astimezone(tz)

    for name, module in list(sys.modules.items()):
        if (
            name.split(".")[0] in ("orchestration", "warehouse")
            and getattr(module, "datetime", None) is datetime
        ):
            module.datetime = Clock  # type: ignore[attr-defined]


if __name__ == "__main__":
    _serve()
