"""The console command in a process of its own, forked from one that has imported what commands import.

Importing takes a command longer than most of what is asked of it. What a command imports at all is not seen here.
"""

import atexit
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 900
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "great_expectations.expectations",
        "orchestration.cli",
        "orchestration.commands.console",
        "orchestration.commands.run",
        "orchestration.definitions",
        "orchestration.session",
    ]
)


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    text: str


def carried_out(arguments: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Ended:
    """How `policypulse` with some arguments ended in a folder, and what it said, errors last.

    Raises TimeoutError if it does not end.
    """
    with tempfile.TemporaryDirectory() as place:
        said = [Path(place) / "out", Path(place) / "err"]
        process = _FORKS.Process(target=_become_the_command, args=(arguments, folder, variables, said))
        process.start()
        process.join(PATIENCE_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"policypulse {' '.join(arguments)} did not end within {PATIENCE_SECONDS} s")
        return Ended(process.exitcode, "".join(file.read_text(encoding="utf-8") for file in said))


def _become_the_command(
    arguments: Sequence[str], folder: Path, variables: Mapping[str, str], said: Sequence[Path]
) -> None:
    for number, file in enumerate(said, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(variables)
    tempfile.tempdir = None  # it may be another by the variables
    os.chdir(folder)
    sys.argv = ["policypulse", *arguments]
    from orchestration.cli import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
