"""The processes that serve a project: its code, the daemon and the UI, each by itself or all three at once.

They find each other by the address of the code; what they share lies in Dagster's home, in the warehouse.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

CODE = ("-m", "orchestration.definitions", "-a", "defs")
LOCATION = "policypulse"
"""What daemon and UI call the project's code; what is switched on in the one is on in the other by this name."""
STARTS_WITHIN_SECONDS = 180


class Address(NamedTuple):
    """Where a process listens."""

    host: str
    port: int

    @classmethod
    def of(cls, written: str) -> "Address":
        """The address in `host:port`; raises ValueError."""
        host, _, port = written.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ValueError(f"{written!r} is no address; write it as 127.0.0.1:4000")
        return cls(host, int(port))

    def __str__(self) -> str:
        """The address as it is written."""
        return f"{self.host}:{self.port}"


def code_command(at: Address) -> list[str]:
    """What serves the project's assets, and runs them."""
    dagster = [sys.executable, "-m", "dagster", "code-server", "start", *CODE]
    return [*dagster, "-h", at.host, "-p", str(at.port), "--location-name", LOCATION]


def daemon_command(code: Address) -> list[str]:
    """What starts runs: schedule, sensors, queue; it knows the code by the name that the UI knows it by."""
    workspace = Path(os.environ["DAGSTER_HOME"]) / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n- grpc_server: {{host: {code.host}, port: {code.port}, location_name: {LOCATION}}}\n",
        encoding="utf-8",
    )
    return [sys.executable, "-m", "dagster._daemon", "run", "-w", str(workspace)]


def ui_command(
    code: Address, at: Address, names: Sequence[str], path_prefix: str = "", read_only: bool = False
) -> list[str]:
    """What shows it all in a browser, under no other names than `names`."""
    served = [sys.executable, "-m", "orchestration.ui", str(code), str(at), path_prefix, str(int(read_only))]
    return [*served, *names]


def serve_all(at: Address, names: Sequence[str]) -> int:
    """Serve everything on this machine until one of the processes ends or somebody interrupts; returns its status."""
    code = Address("127.0.0.1", _free_port())
    started = [subprocess.Popen(code_command(code))]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        wait_for(code, lambda: started[0].poll() is None)
        started += [subprocess.Popen(daemon_command(code)), subprocess.Popen(ui_command(code, at, names))]
        while all(process.poll() is None for process in started):
            time.sleep(0.5)
        return next(process.returncode for process in started if process.returncode is not None)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            _end(process)


def replace_this_process(command: Sequence[str]) -> None:
    """Become one of the processes, so that whoever watches over this one watches over it."""
    os.execv(command[0], list(command))


def wait_for(code: Address, may_come: Callable[[], bool] = lambda: True) -> None:
    """Wait until the code is served; what starts before it would show an error until somebody reloads.

    Raises TimeoutError if it is not within some minutes, or may not come any more.
    """
    until = time.monotonic() + STARTS_WITHIN_SECONDS
    while may_come() and time.monotonic() < until:
        try:
            socket.create_connection(code, timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(
        f"Nothing serves the project's code at {code}; see what `policypulse serve code` says, and that the address "
        "is right."
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
