"""Runs that something happens to: each in a process of its own, forked from one that has everything imported.

A run is asked for step by step (land, make, check, publish) or as the command, and may be killed in one of them by
SIGKILL, so many seconds after the step has begun or at the n-th call that our code makes in it; it may find a full
disk from some function on, or a clock of its own. What must then hold is asked by tests.
"""

import functools
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STEPS = ("land", "make", "check", "publish")
COMMAND = "command"
_ROOMS = ("warehouse", "orchestration", "expectations")
_OURS = tuple(
    str(ROOT / part)
    for part in (
        "warehouse",
        *(
            f"orchestration/{name}.py"
            for name in (
                "session",
                "fingerprint",
                "remaking",
                "increments",
                "kpi_records",
                "motion",
                "metrics",
            )
        ),
    )
)
LARGEST_FILE = 65_536
"""Where a disk cannot be filled: so many bytes a file may have that is written from then on."""


@dataclass(frozen=True)
class Kill:
    """Where a run is killed: in which step, and how long after its beginning or at which call of ours."""

    step: str
    seconds: float | None = None
    call: int | None = None


@dataclass(frozen=True)
class Full:
    """From where on the disk is full: from the first call of `module:function`.

    It is filled by a file, `ballast`, which lies on it; without one no file may grow beyond LARGEST_FILE.
    """

    since: str
    ballast: str = ""


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit status (-9 where it was killed) and what it said.

    `calls` are how often our code was called in each step, where that was counted, and in which the disk became full.
    """

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
        self,
        project: Path,
        *steps: str,
        arguments: Sequence[str] = (),
        kill: Kill | None = None,
        full: Full | None = None,
        count: bool = False,
        **surroundings: Any,
    ) -> Ended:
        """Carry out steps of a run, by default all, or COMMAND with arguments; `surroundings` as in `_surrounded`."""
        order = {
            "project": str(project),
            "steps": steps or STEPS,
            "arguments": arguments,
            "kill": asdict(kill) if kill else None,
            "full": asdict(full) if full else None,
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
    os._exit(0)  # taking apart what was imported takes seconds


def _carried_out(order: dict[str, Any]) -> Ended:
    begun, begins = os.pipe()
    kill = Kill(**order["kill"]) if order["kill"] else None
    since = time.monotonic()
    with tempfile.TemporaryFile() as said:
        pid = os.fork()
        if pid == 0:
            os.close(begun)
            _become_the_run(order, kill, begins, said.fileno())
        os.close(begins)
        if kill and kill.seconds is not None and os.read(begun, 1):
            time.sleep(kill.seconds)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(begun)
        said.seek(0)
        lines = said.read().decode().splitlines()
    calls = [line.split() for line in lines if line.startswith("calls ")]
    return Ended(
        os.waitstatus_to_exitcode(status),
        "\n".join(line for line in lines if not line.startswith("calls ")),
        {step: int(count) for _, step, count in calls},
        time.monotonic() - since,
    )


def _become_the_run(order: dict[str, Any], kill: Kill | None, begins: int, said: int) -> None:
    os.dup2(said, 1)
    os.dup2(said, 2)
    status = 1
    try:
        if order["full"]:
            _fill_disk_at(Full(**order["full"]))
        _surrounded(**order["surroundings"])
        status = _take(order, kill, begins)
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _take(order: dict[str, Any], kill: Kill | None, begins: int) -> int:
    """Carry out the steps on the project's warehouse, or the command itself where that is asked for."""
    doing = _steps(order) if order["steps"] != [COMMAND] else nullcontext({COMMAND: lambda: _command(order)})
    with doing as steps:
        for step in order["steps"]:
            here = kill if kill and kill.step == step else None
            if here:
                os.write(begins, b"!")
            last = here.call if here else None
            with _counted(step, last) if order["count"] or last else nullcontext():
                steps[step]()
    return 0


def _command(order: dict[str, Any]) -> None:
    from orchestration.cli import main

    sys.argv = ["policypulse", "run", "--project", order["project"], *order["arguments"]]
    main()


@contextmanager
def _steps(order: dict[str, Any]) -> Iterator[dict[str, Callable[[], object]]]:
    """What each step does, in one session."""
    from orchestration.checks import asked_checks
    from orchestration.launch import by_hand
    from orchestration.models import asked_models
    from orchestration.project import read_project
    from orchestration.session import opened

    project = read_project(Path(order["project"]))
    tables = [table for table, node in asked_models(project).items() if node.schema != "staging"]
    checked = {check.table for check in asked_checks(project)}
    with opened(by_hand(project), print) as session:
        yield {
            "land": lambda: session.land(project.contracts),
            "make": lambda: [session.make(table) for table in tables],
            "check": lambda: session.check(checked),
            "publish": session.publish,
        }


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


def _fill_disk_at(full: Full) -> None:
    """Have the disk full from the first call of a function on, whoever calls it."""
    module, _, path = full.since.partition(":")
    owner: Any = importlib.import_module(module)
    *parts, name = path.split(".")
    for part in parts:
        owner = getattr(owner, part)
    function, reached = getattr(owner, name), False

    @functools.wraps(function)
    def noticed(*arguments: Any, **named: Any) -> Any:
        nonlocal reached
        if not reached:
            reached = True
            print(f"calls {full.since} 1", flush=True)
            _fill_disk(full.ballast)
        return function(*arguments, **named)

    setattr(owner, name, noticed)
    for module_there in _modules_of_ours():
        for known_as, value in list(vars(module_there).items()):
            if value is function:
                setattr(module_there, known_as, noticed)


def _fill_disk(ballast: str) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if not ballast:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
        return
    with Path(ballast).open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1 << 20)) == 1 << 20:
            pass
        while file.write(bytes(4096)):
            pass


def _modules_of_ours() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.split(".")[0] in _ROOMS]


def _surrounded(clock: str | None = None, jumps_seconds: float = 0, temporary: str | None = None) -> None:
    """What a run finds: a clock set to a time, that jumps at each look at it; a folder for what is temporary."""
    if clock is not None:
        _set_clock(datetime.fromisoformat(clock), timedelta(seconds=jumps_seconds))
    if temporary is not None:
        os.environ["TMPDIR"] = tempfile.tempdir = temporary


def _set_clock(at: datetime, jump: timedelta) -> None:
    """Have our modules read another clock; that of the machine is everybody's."""
    now = at

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            nonlocal now
            now += jump
            return now.astimezone(tz)

    for module in _modules_of_ours():
        if getattr(module, "datetime", None) is datetime:
            module.datetime = Clock  # type: ignore[attr-defined]


if __name__ == "__main__":
    _serve()
