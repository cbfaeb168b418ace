"""The command `policypulse`: what each command is asked with, and how it ends; what it does is in `commands`.

Each command imports what it needs when it is called, so that a run with nothing to do answers at once.
"""

import os
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from orchestration.cli_parts import (
    ProjectFolder,
    end,
    ended_by,
    project_in,
    published_by,
    refuse_unverified,
    seconds,
    tell,
)
from orchestration.cli_serve import served
from orchestration.cli_upkeep import upkeep
from orchestration.exit_status import ExitStatus
from orchestration.launch import Months, by_hand
from orchestration.pages.words import Language
from orchestration.project import FILE_NAME, Project, ProjectError
from orchestration.ranges import day_problem
from orchestration.refusals import refusal

app = typer.Typer(
    help="Measure how well an insurer serves its customers, from its own records.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(upkeep)
app.add_typer(served)
Day = Annotated[
    datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day up to which records count.")
]


def main() -> None:
    """Entry point of the console command; what the system or a database refuses is told in a line."""
    try:
        app()
    except BrokenPipeError:
        # Whoever reads our output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        told = refusal(error)
        if told is None:
            raise
        typer.echo(told.text, err=True)
        sys.exit(told.status)


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

    with ended_by(FileExistsError, status=ExitStatus.MISTAKEN):
        write_feeds(out, policies, months, seed, branches)
    from orchestration.project_files import write_beside_project

    write_beside_project(out)
    typer.echo(
        f"{policies:,} policies over {months} months are in {out}; truth.json says how they were made."
    )
    typer.echo(f"Next: policypulse run --project {out}")


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder to write policypulse.yml into.")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="With --from: further files.", exists=True, dir_okay=False, show_default=False),
    ] = None,
    first: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Files to propose the mapping from, one or several.", exists=True, dir_okay=False
        ),
    ] = None,
) -> None:
    """Write a policypulse.yml to start from, of your files with --from, and a key for the pseudonyms of people."""
    from orchestration.commands.init import refuse_another, write_project

    if files and not first:
        end(
            "Files are named after --from, as in: policypulse init DIR --from a.csv b.csv",
            ExitStatus.MISTAKEN,
        )
    if first:
        from orchestration.commands.first_mapping import project_text, proposed
        from warehouse.landing.errors import LandingError

        with ended_by(FileExistsError, ValueError, LandingError, status=ExitStatus.MISTAKEN):
            refuse_another(folder)
            found = proposed([first, *(files or [])], folder)
        text = project_text(folder.resolve().name, found)
    with ended_by(FileExistsError, status=ExitStatus.MISTAKEN):
        target, key = write_project(folder, text if first else None)
    typer.echo(f"Wrote {target} and {key}; keep the key apart from the warehouse and out of version control.")
    if not first:
        typer.echo(f"Map your feeds, then: policypulse check --project {folder}")
        return
    from orchestration.commands.first_mapping import summary, unlocked

    tell(summary(found))
    tell(unlocked(project_in(folder)))
    typer.echo(f"Look at what is marked `# unsure` ({text.count('# unsure:')} places), then:")
    typer.echo(f"policypulse check --project {folder} && policypulse run --project {folder}")


@app.command(name="map")
def map_file(
    file: Annotated[Path, typer.Argument(help="File to propose a mapping for.", exists=True, dir_okay=False)],
    feed: Annotated[str | None, typer.Option("--feed", help="What it is; else what it looks like.")] = None,
    project: ProjectFolder = Path(),
    write: Annotated[
        bool,
        typer.Option("--write", help="Add the entry to the project file; the rest of it stays as it is."),
    ] = False,
) -> None:
    """Show the entry of `feeds` that a file may have in the project file, with reasons and doubts, or add it."""
    from orchestration.commands.first_mapping import added, feed_lines, proposed
    from warehouse.landing.errors import LandingError

    with ended_by(ValueError, LandingError, status=ExitStatus.MISTAKEN):
        found = proposed([file], project, feed)
        if write:
            added(project, found)
    tell(feed_lines(found))
    if not write:
        typer.echo("# To add this to the project file: the same with --write.")
        return
    unsure = sum("# unsure" in line for line in feed_lines(found))
    typer.echo(f"Added to {project / FILE_NAME}. Look at what is marked `# unsure` ({unsure} places), then:")
    typer.echo(f"policypulse check --project {project}")


@app.command()
def check(
    project: ProjectFolder = Path(),
    laws: Annotated[
        bool,
        typer.Option(
            "--laws",
            help="Also put your own transforms to the laws of keys and of the clock, on data drawn at random.",
        ),
    ] = False,
) -> None:
    """Check project file, mapping, models, checks and frameworks, and the first rows of the newest files."""
    from orchestration.commands.check import lacks, looked_over
    from orchestration.notify import unready
    from transforms.text_extra import unread

    with ended_by(ProjectError, status=ExitStatus.MISTAKEN):
        found, faults, notes = looked_over(project.resolve())
    if faults:
        end("\n".join(faults), ExitStatus.MISTAKEN)
    typer.echo(f"{found.file.insurer}: project file, mapping, models, checks and frameworks are in order.")
    tell(iter([*notes, *unread(is_asked=found.settings.texts is not None), *unready(found)]))
    tell(lacks(found))
    if laws:
        _lawful(found)


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
        typer.Option(
            "--accept",
            help="File that may take back more rows than max_shrink_share allows; own KPI or framework that may "
            "mean something else than when its version was published.",
        ),
    ] = None,
    wait: Annotated[
        str, typer.Option("--wait", help="How long to wait for another run to end, as in 10m.")
    ] = "0s",
    log_file: Annotated[
        Path | None, typer.Option("--log-file", help="File to append the run's log to, as JSON lines.")
    ] = None,
) -> None:
    """Land what is new, build, check and publish; or make some months anew and publish."""
    found = project_in(project)
    day = as_of.date() if as_of else found.as_of()
    if reason := day_problem(day):
        end(f"--as-of: {reason}", ExitStatus.MISTAKEN)
    launch = replace(
        by_hand(found, day, _months(found, day, months) if months else None, accept or ()),
        wait_seconds=seconds(wait),
        log_file=str(log_file.resolve()) if log_file else "",
    )
    from orchestration.fingerprint import pending

    if not launch.months and pending(found, day) is None:
        typer.echo(f"Nothing to do: no new file, same project file, as of {day}. Published: {found.current}")
        return
    refuse_unverified(found, launch.accept)
    from orchestration.commands.run import run_project

    raise typer.Exit(run_project(launch))


@app.command()
def plan(project: ProjectFolder = Path(), as_of: Day = None) -> None:
    """Say which files a run would land, what it would make anew and why, and how many records would change."""
    found = project_in(project)
    from orchestration.redefinitions import definitions_of

    refuse_unverified(found, definitions_of(found))
    from orchestration.commands.plan import planned
    from orchestration.publication_rules import Blocked
    from warehouse.folder import WarehouseBusy
    from warehouse.formats import LaterFormat
    from warehouse.landing.errors import LandingError

    with ended_by(LandingError, WarehouseBusy, LaterFormat, Blocked, status=ExitStatus.REFUSED):
        tell(planned(by_hand(found, as_of.date() if as_of else None)))


@app.command()
def report(
    project: ProjectFolder = Path(),
    version: Annotated[str | None, typer.Option("--version", help="In versions/; else the current.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write into; else beside the version.", file_okay=False),
    ] = None,
    language: Annotated[
        Language | None, typer.Option("--language", help="Else that of the project file.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the first page in the browser.")] = False,
) -> None:
    """Write the pages of a published version, to be opened in any browser."""
    found = project_in(project)
    published_by(found)
    from orchestration.commands.report import written_report
    from orchestration.pages.site import NotOurs
    from warehouse.folder import WarehouseBusy
    from warehouse.publish import NoSuchVersion

    with ended_by(NoSuchVersion, WarehouseBusy, NotOurs, status=ExitStatus.REFUSED):
        page = written_report(found, version, out, language)
    typer.echo(f"Pages: {page}")
    if open_it:
        typer.launch(str(page))


@app.command()
def query(
    sql: str,
    project: ProjectFolder = Path(),
    form: Annotated[
        Literal["table", "csv", "json", "parquet"],
        typer.Option("--format", help="All but table write all rows; parquet is for a file or a pipe."),
    ] = "table",
) -> None:
    """Print the rows of a query on the published version."""
    current = published_by(project_in(project))
    from orchestration.commands.console import print_query

    raise typer.Exit(print_query(current, sql, form))


@app.command()
def export(
    to: Annotated[
        Literal["parquet", "csv", "xlsx", "semantic-model"],
        typer.Option("--to", help="One file per table; or the KPIs as one Apache Ossie document."),
    ],
    target: Annotated[Path, typer.Argument(help="Folder to write into; of a semantic model, the file.")],
    project: ProjectFolder = Path(),
    tables: Annotated[
        list[str] | None,
        typer.Option("--tables", help="Table or pattern, as in core.claims or 'kpi.*'; else all of marts."),
    ] = None,
) -> None:
    """Write published tables as files for BI and other tools, or the KPIs as a semantic model."""
    found = project_in(project)
    current = published_by(found)
    if to == "semantic-model":
        from orchestration.semantic_model import semantic_model

        if tables:
            end("--tables has no say in a semantic model, which is of kpi.monthly", ExitStatus.MISTAKEN)
        target.write_text(semantic_model(current), encoding="utf-8")
        typer.echo(f"Wrote {target}.")
        return
    from warehouse.export import CannotExport, Exported, note_export
    from warehouse.export import export as written
    from warehouse.folder import Folder

    made = []
    with ended_by(CannotExport, status=ExitStatus.MISTAKEN):
        for path, rows in written(current, target, to, tables or ["marts.*"]):
            made.append(path.stem)
            typer.echo(f"{path}: {rows:,} rows")
    if not note_export(Folder(found.warehouse), Exported(str(target.resolve()), to, tuple(made))):
        typer.echo("Where these files are could not be noted, so `policypulse forget` will not reach them.")


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
    found = project_in(project)
    published_by(found)
    from orchestration.commands.cases import cases_of

    place = {cut: segment} if segment and cut != "company" else {}
    with ended_by(ValueError, status=ExitStatus.MISTAKEN):
        rows = cases_of(found, kpi, basis, period.date(), place)
    if out:
        from warehouse.csv_text import as_csv

        out.write_text(as_csv(rows), encoding="utf-8")
        typer.echo(f"Wrote {rows.height:,} cases to {out}.")
        return
    from orchestration.commands.console import plain_console, print_rows

    print_rows(plain_console(), rows[:, :8])
    if rows.width > 8:
        typer.echo(f"{rows.width - 8} more columns with --out.")


@app.command()
def mcp(project: ProjectFolder = Path()) -> None:
    """Answer questions of an assistant on the published version, over MCP on standard input and output."""
    found = project_in(project)
    published_by(found)
    from orchestration.commands.mcp import server

    try:
        made = server(found)
    except ModuleNotFoundError as error:
        end(
            f"The package {error.name} is not there: pip install 'policypulse[mcp]'",
            ExitStatus.MISTAKEN,
        )
    made.run()


@app.command()
def dictionary(
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write the pages into; without it, they are shown.")
    ] = None,
    project: Annotated[
        Path | None, typer.Option("--project", help="Project whose promises, switches and tables they show.")
    ] = None,
) -> None:
    """Write the dictionary of all KPIs, packs and marts as pages of Markdown."""
    from transforms.dictionary import dictionary_pages
    from transforms.settings import Settings

    found = project_in(project) if project else None
    pages = dictionary_pages(found.settings, _own_tables(found)) if found else dictionary_pages(Settings())
    if out is None:
        tell(iter(pages.values()))
        return
    out.mkdir(exist_ok=True)
    for name, text in pages.items():
        (out / name).write_text(text, encoding="utf-8")
    typer.echo(f"Wrote {len(pages)} pages to {out}; begin with {out / 'README.md'}.")


@app.command()
def reference(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder to write pages and schemas into; else the project file's page is shown."
        ),
    ] = None,
) -> None:
    """Write the reference of all keys of project, framework and pack files, and their JSON schemas for editors."""
    from orchestration.reference import reference_files

    files = reference_files()
    if out is None:
        typer.echo(next(iter(files.values())))
        return
    out.mkdir(exist_ok=True)
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8")
    typer.echo(f"Wrote {', '.join(files)} to {out}.")


def _own_tables(project: Project) -> list[Any]:
    """The tables that a project adds; what is wrong with its models ends the command."""
    from orchestration.models import models
    from transforms.sql_model import ModelError

    with ended_by(ModelError, status=ExitStatus.MISTAKEN):
        return [node for node in models(project.own).values() if project.own.has(node.path)]


def _lawful(project: Project) -> None:
    """Ends the command if one of the project's own transforms breaks a law."""
    from orchestration.laws import tried

    results = list(tried(project))
    for result in results:
        typer.echo(
            result.broken or f"{result.table} keeps the law of keys: {result.seen}.", err=bool(result.broken)
        )
    if not results:
        typer.echo("The project has no transforms of its own.")
    if any(result.broken for result in results):
        raise typer.Exit(ExitStatus.MISTAKEN)


def _months(project: Project, as_of: date, wanted: str) -> Months:
    """The first and last month of a range as written; ends the command if they are not months of what is published."""
    from transforms.periods import months_until

    published_by(project)
    every = months_until(as_of, project.settings.months)
    try:
        first, last = (datetime.strptime(month, "%Y-%m").date() for month in (wanted.split("..") * 2)[:2])
    except ValueError:
        first = last = date.min
    if not every[0] <= first <= last <= every[-1]:
        there = f"{every[0]:%Y-%m}..{every[-1]:%Y-%m}"
        end(
            f"--months {wanted}: write YYYY-MM or YYYY-MM..YYYY-MM, within {there} of this project",
            ExitStatus.MISTAKEN,
        )
    return first, last
