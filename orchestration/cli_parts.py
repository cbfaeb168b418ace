"""What the commands of `cli.py` and `cli_upkeep.py` share: how they find a project, what they say, how they end.

Nothing here is a command.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from orchestration.exit_status import ExitStatus
from orchestration.project import Project, ProjectError, read_project, verify

ProjectFolder = Annotated[Path, typer.Option("--project", help="Folder with the policypulse.yml.")]


def seconds(written: str) -> int:
    """The seconds of a time as an option has it: 90s, 10m, 2h; plain numbers are seconds."""
    found = re.fullmatch(r"(\d+)([smh]?)", written)
    if not found:
        raise typer.BadParameter(f"{written!r} is no time; write it as 90s, 10m or 2h")
    return int(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def end(text: str, status: ExitStatus) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(status)


@contextmanager
def ended_by(*errors: type[Exception], status: ExitStatus) -> Iterator[None]:
    """End the command with what one of `errors` says, if the block raises it."""
    try:
        yield
    except errors as error:
        end(str(error), status)


def tell(lines: Iterator[str]) -> None:
    for line in lines:
        typer.echo(line)


def published_by(project: Project) -> Path:
    """The published version; ends the command if there is none."""
    if not project.current.exists():
        end(
            f"Nothing is published yet: {project.current} is not there. Next: policypulse run",
            ExitStatus.REFUSED,
        )
    return project.current


def project_in(folder: Path) -> Project:
    """The project of a folder; what is wrong with it ends the command."""
    with ended_by(ProjectError, status=ExitStatus.MISTAKEN):
        return read_project(folder.resolve())


def refuse_unverified(project: Project, accepted: Collection[str] = ()) -> None:
    """Ends the command if mapping, models, frameworks or packs are not in order; see `problems` for `accepted`."""
    with ended_by(ProjectError, status=ExitStatus.MISTAKEN):
        verify(project)
    from orchestration.project_check import problems

    if wrong := problems(project, accepted):
        end("\n".join(wrong), ExitStatus.MISTAKEN)
