"""The commands that serve a project until they are ended: all at once on one machine, or a process each.

As in `cli.py`, of which these are a part, each imports what it needs when it is called.
"""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli_parts import ProjectFolder, ended_by, project_in, refuse_unverified
from orchestration.commands.serve import (
    Address,
    code_command,
    daemon_command,
    replace_this_process,
    serve_all,
    ui_command,
    wait_for,
)
from orchestration.exit_status import ExitStatus

served = typer.Typer()
serve = typer.Typer(
    help="Serve the project by single processes, for containers and services.", no_args_is_help=True
)
served.add_typer(serve, name="serve")
Code = Annotated[str, typer.Option("--code", help="Address of the process that serves the code.")]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", help="Name that the UI answers to, beside localhost, as in kpi.example.com."),
]
CODE, UI = "127.0.0.1:4000", "127.0.0.1:3000"


@served.command()
def dev(
    project: ProjectFolder = Path(),
    port: Annotated[int, typer.Option("--port", help="Port of the Dagster UI.", min=1, max=65_535)] = 3000,
) -> None:
    """Open the Dagster UI on the project, with its schedule and sensors: lineage, runs, reruns."""
    _prepare(project)
    with ended_by(TimeoutError, status=ExitStatus.REFUSED):
        status = serve_all(Address("127.0.0.1", port), ())
    raise typer.Exit(status)


@serve.command()
def code(
    project: ProjectFolder = Path(),
    at: Annotated[str, typer.Option("--at", help="Address to listen at.")] = CODE,
) -> None:
    """Serve the project's code to daemon and UI, and execute what they start."""
    _prepare(project)
    replace_this_process(code_command(_address(at)))


@serve.command()
def daemon(project: ProjectFolder = Path(), code: Code = CODE) -> None:
    """Start runs by schedule, by sensor and from the queue, and tell of them."""
    _prepare(project)
    replace_this_process(daemon_command(_served(code)))


@serve.command()
def ui(
    project: ProjectFolder = Path(),
    code: Code = CODE,
    at: Annotated[str, typer.Option("--at", help="Address to listen at.")] = UI,
    name: Names = None,
    path_prefix: Annotated[
        str, typer.Option("--path-prefix", help="Path under which a proxy shows it, as in /kpi.")
    ] = "",
    read_only: Annotated[bool, typer.Option("--read-only", help="Nothing can be started in it.")] = False,
) -> None:
    """Show the project in a browser."""
    _prepare(project)
    replace_this_process(ui_command(_served(code), _address(at), name or (), path_prefix, read_only))


def _prepare(folder: Path) -> None:
    found = project_in(folder)
    refuse_unverified(found)
    from orchestration.dagster_home import make_databases, prepare_home

    for notice in prepare_home(found):
        typer.echo(notice)
    make_databases()


def _served(code: str) -> Address:
    """The address of the code, as soon as it is served there."""
    found = _address(code)
    with ended_by(TimeoutError, status=ExitStatus.REFUSED):
        wait_for(found)
    return found


def _address(written: str) -> Address:
    with ended_by(ValueError, status=ExitStatus.MISTAKEN):
        return Address.of(written)
