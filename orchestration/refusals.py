"""What the system or a database refuses a command, in a sentence for people, and how the command ends then.

Asked of an error's own words, without importing what raised it, so that a run with nothing to do stays quick.
"""

import os
from dataclasses import dataclass

from orchestration.exit_status import ExitStatus


@dataclass(frozen=True)
class Refusal:
    """What is told, and how the command ends."""

    text: str
    status: ExitStatus


def refusal(error: Exception) -> Refusal | None:
    """What to tell of an error of the system, of DuckDB or of Dagster's SQLite; None of any other."""
    rooms = {type(one).__module__.partition(".")[0] for one in _chain(error)}
    is_of_duckdb, is_of_sqlite = rooms & {"duckdb", "_duckdb"}, rooms & {"sqlite3", "sqlalchemy"}
    if not (isinstance(error, OSError) or is_of_duckdb or is_of_sqlite):
        return None
    from warehouse.refused import is_refusal, told

    if is_of_sqlite:
        home = os.environ.get("DAGSTER_HOME", "its home")
        return Refusal(
            f"Dagster cannot keep its log in {home}: {told(error)}; readers have a whole version",
            ExitStatus.REFUSED,
        )
    if is_of_duckdb:
        text = f"A database file cannot be written: {told(error)}" if is_refusal(error) else _unusable(error)
        return Refusal(text, ExitStatus.REFUSED)
    return Refusal(told(error), ExitStatus.REFUSED) if is_refusal(error) else _of_system(error)


def _of_system(error: Exception) -> Refusal:
    where = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    reason = getattr(error, "strerror", None) or error
    advice = "Check that the path is right, that its folder exists, and that you may read and write it."
    return Refusal(f"{where}{reason}. {advice}", ExitStatus.MISTAKEN)


def _unusable(error: Exception) -> str:
    return (
        f"A database file cannot be used: {str(error).splitlines()[0]} If it is the published one, `policypulse run` "
        "makes a new one, and `policypulse rollback` returns to the version before."
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error, and what it was raised from."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found
