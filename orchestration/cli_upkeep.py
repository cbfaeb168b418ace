"""The commands by which a warehouse is kept: what was delivered, which version is read, keys; not what runs nightly.

As in `cli.py`, of which these are a part, each imports what it needs when it is called.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from orchestration.cli_parts import (
    ProjectFolder,
    end,
    ended_by,
    project_in,
    published_by,
    refuse_unverified,
    tell,
)
from orchestration.exit_status import ExitStatus

upkeep = typer.Typer()


@upkeep.command()
def withdraw(
    what: Annotated[str, typer.Argument(help="File as the load log names it, or the number of a load.")],
    why: Annotated[str, typer.Option("--why", help="Reason, kept in catalog.loads.")],
    project: ProjectFolder = Path(),
) -> None:
    """Take a delivery back, for every as-of day; the next run publishes without it."""
    found = project_in(project)
    from orchestration.commands.withdraw import withdrawn
    from warehouse.folder import WarehouseBusy
    from warehouse.formats import LaterFormat
    from warehouse.landing.withdrawal import NothingToWithdraw

    with ended_by(NothingToWithdraw, WarehouseBusy, LaterFormat, status=ExitStatus.REFUSED):
        tell(withdrawn(found, what, why))
    typer.echo(f"Next: policypulse run --project {project}, which publishes without it.")


@upkeep.command()
def rollback(
    version: Annotated[
        str | None, typer.Argument(help="Version in versions/; else the one before the current.")
    ] = None,
    project: ProjectFolder = Path(),
) -> None:
    """Have readers see an earlier published version again."""
    found = project_in(project)
    published_by(found)
    from orchestration.commands.rollback import rolled_back
    from warehouse.folder import WarehouseBusy
    from warehouse.publish import NoSuchVersion

    with ended_by(NoSuchVersion, WarehouseBusy, status=ExitStatus.REFUSED):
        tell(rolled_back(found, version))


@upkeep.command()
def rejects(
    file: Annotated[str, typer.Argument(help="A file that a feed reads, by its path or name.")],
    project: ProjectFolder = Path(),
    out: Annotated[
        Path | None,
        typer.Option("--out", help="New file for the rejected rows, as they stand, to be mended and landed."),
    ] = None,
) -> None:
    """Show which rows of a file are rejected and why, or write them out for mending."""
    found = project_in(project)
    refuse_unverified(found)
    from orchestration.commands.rejects import rejected, written_out
    from warehouse.landing.errors import LandingError

    with ended_by(ValueError, LandingError, OSError, status=ExitStatus.MISTAKEN):
        if out:
            typer.echo(written_out(found, file, out))
            return
        rows = rejected(found, file)
    if rows.is_empty():
        typer.echo(f"No row of {file} is rejected.")
        return
    from orchestration.commands.console import plain_console, print_rows

    print_rows(plain_console(), rows)


@upkeep.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A published file.", exists=True, dir_okay=False)],
    new: Annotated[Path, typer.Argument(help="Another one.", exists=True, dir_okay=False)],
    schemas: Annotated[
        list[str] | None, typer.Option("--schema", help="Schema to compare; else core, kpi, index and marts.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, help="Relative difference of numbers that counts as none.")
    ] = 0.0,
    leave_out: Annotated[list[str] | None, typer.Option("--leave-out", help="Column not to compare.")] = None,
) -> None:
    """Compare two published files row by row; exit status 1 if they differ."""
    from orchestration.commands.console import print_differences
    from warehouse.differences import differences

    found = differences(
        old,
        new,
        schemas=schemas or ("core", "kpi", "index", "marts"),
        tolerance=tolerance,
        leave_out=leave_out or (),
    )
    if not print_differences(found):
        raise typer.Exit(ExitStatus.REFUSED)


@upkeep.command()
def forget(
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="Identifier of a person, as the source systems have it.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="File with one identifier a line.", exists=True, dir_okay=False),
    ] = None,
    column: Annotated[
        str, typer.Option("--column", help="Personal column in which they are so called.")
    ] = "customer_id",
    project: ProjectFolder = Path(),
) -> None:
    """Take people out of all that the warehouse holds; what is delivered of them later is left out."""
    found = project_in(project)
    from orchestration.commands.forget import NobodyToForget, forgotten
    from warehouse.folder import WarehouseBusy
    from warehouse.opening import LandingZoneDamaged

    listed = source.read_text(encoding="utf-8-sig").splitlines() if source else []
    with (
        ended_by(NobodyToForget, ValueError, FileNotFoundError, status=ExitStatus.MISTAKEN),
        ended_by(WarehouseBusy, LandingZoneDamaged, status=ExitStatus.REFUSED),
    ):
        tell(forgotten(found, [*(ids or []), *listed], column))
    typer.echo(
        f"Next: policypulse run --project {project}, which makes and publishes everything anew without them."
    )


@upkeep.command()
def extract(
    profile: Annotated[
        Literal["analyst", "public"],
        typer.Argument(
            help="analyst: all but rows of single cases; public: protected cells of one cut alone."
        ),
    ],
    target: Annotated[Path, typer.Argument(help="New DuckDB file.")],
    project: ProjectFolder = Path(),
) -> None:
    """Write a file of what a wider circle may see of the published version."""
    found = project_in(project)
    published_by(found)
    from orchestration.commands.extract import extracted

    with ended_by(FileExistsError, status=ExitStatus.MISTAKEN):
        typer.echo(extracted(found, profile, target))


keys = typer.Typer(help="Make keys for the pseudonyms of people.", no_args_is_help=True)
upkeep.add_typer(keys, name="keys")


@keys.command(name="new")
def new_key(
    target: Annotated[
        str,
        typer.Argument(help="New file for it, for its owner only; or - to show it, for a store of secrets."),
    ],
) -> None:
    """Write a new random key: 64 hexadecimal digits."""
    from warehouse.landing.keys import create_key_file
    from warehouse.landing.keys import new_key as made

    if target == "-":
        typer.echo(made())
        return
    try:
        create_key_file(Path(target))
    except FileExistsError:
        end(f"{target} is there already; it stays as it is.", ExitStatus.MISTAKEN)
    typer.echo(
        f"Wrote {target}. Keep it apart from the warehouse and out of version control, and a copy of it safe."
    )
    typer.echo("Name it in the project file: pseudonyms: {key_file: ..., key_id: ...}")


@keys.command()
def rotate(
    target: Annotated[
        Path, typer.Argument(help="File with the new key, as `policypulse keys new` writes one.")
    ],
    key_id: Annotated[str, typer.Option("--key-id", help="Name of the new key.")],
    ids: Annotated[
        Path | None,
        typer.Option(
            "--ids", help="File with identifiers that are in no delivered file any more, one a line."
        ),
    ] = None,
    leave_others: Annotated[
        bool, typer.Option("--leave-others", help="Leave pseudonyms whose identifiers nobody knows any more.")
    ] = False,
    project: ProjectFolder = Path(),
) -> None:
    """Make the pseudonyms of the warehouse anew with another key, from the delivered files that are still there."""
    found = project_in(project)
    from orchestration.commands.rotate import rotated
    from warehouse.folder import WarehouseBusy
    from warehouse.opening import LandingZoneDamaged
    from warehouse.rotation import CannotRotate

    more = ids.read_text(encoding="utf-8-sig").splitlines() if ids else []
    with (
        ended_by(ValueError, FileNotFoundError, status=ExitStatus.MISTAKEN),
        ended_by(CannotRotate, WarehouseBusy, LandingZoneDamaged, status=ExitStatus.REFUSED),
    ):
        tell(rotated(found, target, key_id, more, leave_others=leave_others))


@upkeep.command()
def backup(
    target: Annotated[Path, typer.Argument(help="New folder for it.")],
    project: ProjectFolder = Path(),
) -> None:
    """Copy what was landed and the version that readers see to a new folder, with digests."""
    found = project_in(project)
    from orchestration.commands.backup import backed_up
    from warehouse.backup import NoBackup
    from warehouse.folder import WarehouseBusy
    from warehouse.opening import LandingZoneDamaged

    with ended_by(NoBackup, WarehouseBusy, LandingZoneDamaged, status=ExitStatus.REFUSED):
        tell(backed_up(found, target))


@upkeep.command()
def restore(
    source: Annotated[Path, typer.Argument(help="Folder that `policypulse backup` wrote.", file_okay=False)],
    project: ProjectFolder = Path(),
) -> None:
    """Put a backup in the place of what was landed, once every file and feed of it is found whole."""
    found = project_in(project)
    from orchestration.commands.backup import restored
    from warehouse.backup import NoBackup
    from warehouse.folder import WarehouseBusy
    from warehouse.opening import LandingZoneDamaged

    with ended_by(NoBackup, WarehouseBusy, LandingZoneDamaged, status=ExitStatus.REFUSED):
        tell(restored(found, source))
    typer.echo(f"Next: policypulse run --project {project}, which makes and publishes everything anew.")


@upkeep.command()
def verify(
    source: Annotated[
        Path | None, typer.Argument(help="Backup to look at; else the warehouse itself.", file_okay=False)
    ] = None,
    project: ProjectFolder = Path(),
) -> None:
    """Read every file of the warehouse, or of a backup, to the end, and show what was landed of each feed."""
    from orchestration.commands.console import plain_console, print_rows
    from orchestration.commands.verify import content_rows, verified
    from warehouse.backup import NoBackup, read_backup
    from warehouse.folder import WarehouseBusy

    with ended_by(NoBackup, WarehouseBusy, status=ExitStatus.REFUSED):
        if source:
            contents, wrong = list(read_backup(source).feeds), list[str]()
        else:
            contents, wrong = verified(project_in(project))
    if wrong:
        end("\n".join(wrong), ExitStatus.REFUSED)
    print_rows(plain_console(), content_rows(contents))
    typer.echo("Every file is whole.")
