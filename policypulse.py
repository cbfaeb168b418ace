"""The command `policypulse`: sees that our packages are ours, then does what `orchestration/cli.py` says.

A module of its own, and of the standard library alone, because the names of our packages are common words: another
distribution, or a folder on the path, may have one of them.
"""

import atexit
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

PACKAGES = ("orchestration", "transforms", "expectations", "warehouse", "simulation")
CURE = "install policypulse into an environment of its own, and leave PYTHONPATH empty"
MISTAKEN = 2


def main() -> None:
    """Entry point of the console command."""
    told = "; ".join(found_elsewhere(Path(__file__).parent))
    if not told:
        try:
            from orchestration.cli import main as command
        except ImportError:
            told = "; ".join(brought_by_others())
            if not told:
                raise
        else:
            _end_with(command)
    sys.stderr.write(f"policypulse cannot start: {told}. The way out: {CURE}.\n")
    sys.exit(MISTAKEN)


def _end_with(command: Callable[[], None]) -> NoReturn:
    """Do what the command does and end at once: to take gigabytes apart piece by piece first costs seconds.

    Whoever registered to be called at the end is called; databases are closed by those who opened them.
    """
    status: object = 0
    try:
        command()
    except SystemExit as ended:
        status = ended.code
    if status is not None and not isinstance(status, int):
        sys.exit(str(status))
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)


def found_elsewhere(home: Path) -> list[str]:
    """Which of our packages Python would take from another place than `home`, a sentence each."""
    found = []
    for package in PACKAGES:
        spec = find_spec(package)
        place = Path(spec.origin).parent if spec and spec.origin else None
        if place is None or place.parent.resolve() != home.resolve():
            found.append(
                f"its package {package} is found in {place or 'no place'} instead of {home / package}"
            )
    return found


def brought_by_others() -> list[str]:
    """Which of our packages other distributions have been installed into, a sentence each; slow."""
    from importlib.metadata import packages_distributions

    owners = packages_distributions()
    return [
        f"the distribution {other} has written into its package {package}"
        for package in PACKAGES
        for other in sorted(set(owners.get(package, ())) - {"policypulse"})
    ]


if __name__ == "__main__":
    main()
