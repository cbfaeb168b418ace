"""What the exit statuses of the command `policypulse` mean, for all commands."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """How a command ended."""

    DONE = 0
    """It did what it was asked, or there was nothing to do."""
    REFUSED = 1
    """A check, another run or what is (not) there stands against it; of `diff`: the files differ."""
    MISTAKEN = 2
    """The project file, an argument or a query is wrong."""
