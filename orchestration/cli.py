"""The command `policypulse`: simulate, init, check, run, rollback, query, cases, rejects, dictionary, dev.

Each command imports what it needs when it is called, so that a run with nothing to do answers at once.
"""

import os
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from orchestration.project import Project, ProjectError, read_project, verify

app = typer.Typer(
    help="Measure how well an insurer serves its customers, from its own records.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
ProjectFolder = Annotated[Path, typer.Option("--project", help="Folder with the policypulse.yml.")]
Day = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day up to which records count.")
]

PUBLISHED, BLOCKED, BAD_PROJECT = 0, 1, 2
DIFFERENT = 1


def main() -> None:
    """Entry point of the console command; what the system or a database refuses is told in a line."""
    try:
        app()
    except BrokenPipeError:
        # Whoever reads our output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        typer.echo(_refusal(error), err=True)
        sys.exit(BAD_PROJECT)
    except Exception as error:
        if not _is_of_duckdb(error):
            raise
        typer.echo(
            f"A database file cannot be used: {str(error).splitlines()[0]} If it is what is published, `policypulse "
            "run` makes it anew, and `policypulse rollback` goes back to the version before.",
            err=True,
        )
        sys.exit(BLOCKED)


def _refusal(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return (
        f"{where}{error.strerror or error}. Look whether this path is right, its folder is there, and you may read "
        "and write it."
    )


def _is_of_duckdb(error: Exception) -> bool:
    # Asked without an import, so that a run with nothing to do stays quick.
    return type(error).__module__.partition(".")[0] in ("duckdb", "_duckdb")


@app.command()
def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder to write the project into.")],
    policies: Annotated[int, typer.Option("--policies", min=100, help="Number of policies.")] = 20_000,
    months: Annotated[int, typer.Option("--months", min=1, help="Months of service to observe.")] = 24,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same insurer.")] = 7,
    branches: Annotated[
        int | None,
        typer.Option("--branches", min=4, max=999, help="Number of branches; by default as its size has."),
    ] = None,
) -> None:
    """Write the feeds of a simulated insurer, its project file and the truth behind it."""
    from simulation.simulate import simulate as write_feeds

    try:
        write_feeds(out, policies, months, seed, branches)
    except FileExistsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_PROJECT) from None
    typer.echo(
        f"{policies:,} policies over {months} months are in {out}; truth.json says how they were made."
    )
    typer.echo(f"Next: policypulse run --project {out}")


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Folder to write policypulse.yml into.")]) -> None:
    """Write a commented policypulse.yml to start from, and a key for the pseudonyms of people's identifiers."""
    from orchestration.project import FILE_NAME
    from warehouse.landing.pseudonyms import create_key_file

    target = folder / FILE_NAME
    if target.exists():
        typer.echo(f"{target} is there already; it stays as it is.", err=True)
        raise typer.Exit(BAD_PROJECT)
    folder.mkdir(parents=True, exist_ok=True)
    template = Path(__file__).parent / "template.yml"
    target.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    key = folder / "pseudonym.key"
    if not key.exists():
        create_key_file(key)
    typer.echo(f"Wrote {target} and {key}; keep the key apart from the warehouse and out of version control.")
    typer.echo(f"Map your feeds, then: policypulse check --project {folder}")


@app.command()
def check(project: ProjectFolder = Path()) -> None:
    """Check project file, mapping, models and frameworks without reading data."""
    found = _project(project)
    _verified(found)
    typer.echo(f"{found.file.insurer}: project file, mapping, models and frameworks are in order.")


@app.command()
def run(
    project: ProjectFolder = Path(),
    as_of: Day = None,
    months: Annotated[
        str | None,
        typer.Option("--months", help="YYYY-MM or YYYY-MM..YYYY-MM: make these anew from what has landed."),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", help="File that may take back more rows than max_shrink_share lets pass."),
    ] = None,
) -> None:
    """Land what is new, build, check and publish; or make some months anew and publish."""
    found = _project(project)
    from orchestration.fingerprint import pending

    day = as_of.date() if as_of else None
    some = _months(found, day, months) if months else None
    if not some and pending(found, day) is None:
        typer.echo(
            f"Nothing to do: no new file, same project file, as of {found.as_of(day)}. Published: {_current(found)}"
        )
        return
    _verified(found)
    from orchestration.commands.run import run_project

    raise typer.Exit(run_project(found, day, some, accept or ()))


@app.command()
def withdraw(
    what: Annotated[str, typer.Argument(help="File as the load log names it, or the number of a load.")],
    why: Annotated[str, typer.Option("--why", help="Reason, kept in catalog.loads.")],
    project: ProjectFolder = Path(),
) -> None:
    """Take a delivery back, for every as-of day; the next run publishes without it."""
    found = _project(project)
    from orchestration.fingerprint import forget
    from warehouse.landing.withdrawal import NothingToWithdraw
    from warehouse.landing.withdrawal import withdraw as take_back
    from warehouse.store import Folder, Store, WarehouseBusy, locked

    folder = Folder(found.warehouse)
    if not folder.raw.exists():
        typer.echo(f"Nothing has been landed yet: {folder.raw} is not there.", err=True)
        raise typer.Exit(BLOCKED)
    try:
        with locked(folder), Store(folder) as store:
            done = take_back(store.con, what, why)
            forget(found)
    except (NothingToWithdraw, WarehouseBusy) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BLOCKED) from None
    for part in done:
        loads = f"load {', '.join(map(str, part.load_ids))}"
        back = f"; {part.rows_back:,} rows that it had replaced are in force again" if part.rows_back else ""
        typer.echo(f"{part.feed}: {what} ({loads}) is withdrawn, {part.rows:,} rows no longer count{back}.")
    typer.echo(f"Next: policypulse run --project {project}, which publishes without it.")


@app.command()
def rollback(
    version: Annotated[
        str | None, typer.Argument(help="Version in versions/; else the one before the current.")
    ] = None,
    project: ProjectFolder = Path(),
) -> None:
    """Have readers see an earlier published version again."""
    found = _project(project)
    current = _published(found)
    from warehouse.publish import NoSuchVersion, roll_back
    from warehouse.store import Folder, WarehouseBusy, read_published

    before = current.resolve().name
    try:
        now = roll_back(Folder(found.warehouse), version)
    except (NoSuchVersion, WarehouseBusy) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BLOCKED) from None
    as_of = read_published(current, "SELECT max(as_of) FROM kpi.monthly").item()
    typer.echo(
        f"Readers now see {now.name}, as of {as_of}; before, they saw {before}, which stays in {now.parent}."
    )
    typer.echo(
        "The next run publishes anew what is landed, also what was wrong with it: mend that first, or switch off "
        "what starts runs."
    )


@app.command()
def query(
    sql: str,
    project: ProjectFolder = Path(),
    form: Annotated[
        Literal["table", "csv", "json"], typer.Option("--format", help="csv and json write all rows.")
    ] = "table",
) -> None:
    """Print the rows of a query on the published version."""
    current = _published(_project(project))
    from orchestration.commands.console import print_query

    raise typer.Exit(print_query(current, sql, form))


@app.command()
def cases(
    kpi: str,
    period: Annotated[datetime, typer.Option("--period", formats=["%Y-%m"], help="Month of the record.")],
    project: ProjectFolder = Path(),
    basis: Annotated[str | None, typer.Option("--basis", help="Basis of the record; else its first.")] = None,
    cut: Annotated[str, typer.Option("--cut", help="What the segment is a segment of.")] = "org_unit",
    segment: Annotated[str | None, typer.Option("--segment", help="Segment; else the company.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="CSV file to write; else they are shown.")] = None,
) -> None:
    """List the cases behind a KPI of a month and segment, and what each adds to it."""
    found = _project(project)
    current = _published(found)
    from orchestration.commands.cases import cases_of

    place = {cut: segment} if segment and cut != "company" else {}
    try:
        rows = cases_of(current, found.settings, kpi, basis, period.date(), place)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_PROJECT) from None
    if out:
        rows.write_csv(out)
        typer.echo(f"Wrote {rows.height:,} cases to {out}.")
        return
    from orchestration.commands.console import plain_console, print_rows

    print_rows(plain_console(), rows[:, :8])


@app.command()
def rejects(
    file: Annotated[str, typer.Argument(help="A file that a feed reads, by its path or name.")],
    project: ProjectFolder = Path(),
    out: Annotated[
        Path | None,
        typer.Option("--out", help="New file for the rejected rows, as they stand, to be mended and landed."),
    ] = None,
) -> None:
    """Show which rows of a file are rejected and why, or write them out for mending."""
    found = _project(project)
    _verified(found)
    from orchestration.commands.rejects import rejected, written_out
    from warehouse.landing.errors import LandingError

    try:
        if out:
            typer.echo(written_out(found, file, out))
            return
        rows = rejected(found, file)
    except (ValueError, LandingError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_PROJECT) from None
    if rows.is_empty():
        typer.echo(f"No row of {file} is rejected.")
        return
    from orchestration.commands.console import plain_console, print_rows

    print_rows(plain_console(), rows)


@app.command()
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
        raise typer.Exit(DIFFERENT)


@app.command()
def dictionary(
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; without it, the page is shown.")
    ] = None,
    project: Annotated[
        Path | None, typer.Option("--project", help="Project whose promises and switches it shows.")
    ] = None,
) -> None:
    """Write the dictionary of all KPIs as one page of Markdown."""
    from transforms.dictionary import dictionary_page
    from transforms.settings import Settings

    page = dictionary_page(_project(project).settings if project else Settings())
    if out is None:
        typer.echo(page)
        return
    out.write_text(page, encoding="utf-8")
    typer.echo(f"Wrote {out}.")


@app.command()
def dev(
    project: ProjectFolder = Path(),
    port: Annotated[int, typer.Option("--port", help="Port of the Dagster UI.")] = 3000,
) -> None:
    """Open the Dagster UI on the project: lineage, runs, reruns."""
    found = _project(project)
    _verified(found)
    from orchestration.dagster_home import prepare_home

    for notice in prepare_home(found):
        typer.echo(notice)
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-m",
        "orchestration.definitions",
        "-a",
        "defs",
        "-p",
        str(port),
    ]
    os.execv(sys.executable, command)


def _current(project: Project) -> Path:
    return project.warehouse / "current.duckdb"


def _published(project: Project) -> Path:
    """The published version; ends the command if there is none."""
    if not _current(project).exists():
        typer.echo(
            f"Nothing is published yet: {_current(project)} is not there. Next: policypulse run", err=True
        )
        raise typer.Exit(BLOCKED)
    return _current(project)


def _months(project: Project, as_of: date | None, wanted: str) -> tuple[date, date]:
    """The first and last month of a range as written; ends the command if they are not months of what is published."""
    from transforms.periods import months_until

    _published(project)
    every = months_until(project.as_of(as_of), project.settings.months)
    try:
        first, last = (datetime.strptime(month, "%Y-%m").date() for month in (wanted.split("..") * 2)[:2])
    except ValueError:
        first = last = date.min
    if not every[0] <= first <= last <= every[-1]:
        there = f"{every[0]:%Y-%m}..{every[-1]:%Y-%m}"
        typer.echo(
            f"--months {wanted}: write YYYY-MM or YYYY-MM..YYYY-MM, within {there} of this project", err=True
        )
        raise typer.Exit(BAD_PROJECT)
    return first, last


def _project(folder: Path) -> Project:
    """The project of a folder; what is wrong with it ends the command."""
    try:
        return read_project(folder.resolve())
    except ProjectError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_PROJECT) from None


def _verified(project: Project) -> None:
    """Ends the command if mapping, models, frameworks or packs are not in order."""
    try:
        verify(project)
    except ProjectError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_PROJECT) from None
    from orchestration.project_check import problems

    if wrong := problems(project):
        typer.echo("\n".join(wrong), err=True)
        raise typer.Exit(BAD_PROJECT)
