"""`policypulse plan`: what a run would land, make anew and change, found by trying it on a copy of the warehouse."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestration.launch import Launch
from orchestration.project import Project
from orchestration.redefinitions import definitions_of, refusals
from orchestration.remaking import FOLLOWS, Remade
from orchestration.session import Session, opened
from warehouse.differences import Difference, differences
from warehouse.folder import Folder, locked
from warehouse.landing.loads import Load

PUBLISHED = ("kpi", "index")
_OF_THE_RUN = ("as_of",)


def planned(launch: Launch) -> Iterator[str]:
    """What the run of a launch would do, a line each; nothing of the warehouse changes and nothing is published."""
    project = launch.project
    project.warehouse.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=project.warehouse, prefix="plan-") as trial:
        _copy(Folder(project.warehouse), Path(trial))
        file = project.file.model_copy(update={"warehouse": trial})
        accept = (*launch.accept, *definitions_of(project))
        tried = replace(launch, project=replace(project, file=file), accept=accept)
        with opened(tried, lambda told: None) as session:
            loads = session.land(project.contracts)
            for table in session.tables:
                session.make(table)
        for refusal in refusals(session.redefined, launch.accept):
            yield f"A run would be refused: {refusal}"
        yield from _landed(loads)
        yield from _made(session)
        yield from _changed(project, Path(trial))


def _copy(warehouse: Folder, trial: Path) -> None:
    with locked(warehouse):
        for file in (warehouse.raw, warehouse.build, warehouse.state):
            if file.exists():
                shutil.copyfile(file, trial / file.name)


def _landed(loads: list[Load]) -> Iterator[str]:
    yield "New files:" if loads else "No new files."
    for load in loads:
        yield (
            f"  {load.feed}: {load.file}, {load.rows_read:,} rows, of which {load.rows_added:,} are new, "
            f"{load.rows_corrected:,} correct others and {load.rows_rejected:,} would be rejected"
        )


def _made(session: Session) -> Iterator[str]:
    """Tables by what would be done to them: those in which rows change, those made whole by why, those left."""
    whole: dict[str, list[str]] = {}
    rows: list[tuple[str, Remade]] = []
    left = 0
    for table, remade in session.remade.items():
        if not remade.is_changed:
            left += 1
        elif remade.rows_changed is None:
            whole.setdefault(remade.why_whole, []).append(table)
        else:
            rows.append((table, remade))
    yield "Made anew:" if rows or whole else "Nothing is made anew."
    for table, remade in rows:
        yield f"  {table}: {remade.rows_changed:,} of {remade.made.rows:,} rows"
    # What follows from others comes last.
    for why in sorted(whole, key=lambda why: why == FOLLOWS):
        yield f"  whole, since {why}: {', '.join(whole[why])}"
    yield f"  as they are: {left} of {len(session.remade)} tables"


def _changed(project: Project, trial: Path) -> Iterator[str]:
    if not project.current.exists():
        yield "Nothing is published yet."
        return
    yield "Published records that would change:"
    found = differences(project.current, Folder(trial).build, schemas=PUBLISHED, leave_out=_OF_THE_RUN)
    changed = [one for one in found if not one.equal and "history" not in one.table]
    for one in changed:
        yield f"  {one.table}: {_told(one)}"
    if not changed:
        yield "  none"


def _told(one: Difference) -> str:
    return f"{one.differing:,} of {one.rows + one.only_old:,}, {one.only_new:,} new, {one.only_old:,} gone"
