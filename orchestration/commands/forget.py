"""`policypulse forget`: takes people out of all that the warehouse holds, and says what stays.

What goes with a person is said in `warehouse/landing/forgotten.py`, how files are written anew in
`warehouse/forgetting.py`; here are the pages, Dagster's home and the exports.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from orchestration import fingerprint
from orchestration.project import Project
from warehouse.export import exports_noted, write_again
from warehouse.folder import Folder, locked
from warehouse.forgetting import forget
from warehouse.landing.forgotten import Forgotten
from warehouse.modes import let_read
from warehouse.publish import site_of, versions

_INSTEAD = "[forgotten]"


class NobodyToForget(Exception):
    """There is no identifier, no key or no warehouse; the message says which."""


def forgotten(project: Project, ids: Sequence[str], column: str) -> Iterator[str]:
    """Forget people by their identifiers as the source systems have them; what was done and what stays, in sentences.

    Raises NobodyToForget, WarehouseBusy, LandingZoneDamaged and ValueError.
    """
    folder, part = Folder(project.warehouse), project.file.pseudonyms
    wanted = sorted({one.strip() for one in ids if one.strip()})
    if not wanted:
        raise NobodyToForget("There is no identifier to forget: give --id, or --from a file with one a line.")
    if part is None:
        raise NobodyToForget("The project has no key of pseudonyms, so nobody can be known in the warehouse.")
    if not folder.raw.exists():
        raise NobodyToForget(f"Nothing has been landed yet: {folder.raw} is not there.")
    key = part.key(project.folder)
    with locked(folder):
        fingerprint.forget(project)
        whom, gone, changed = forget(
            folder,
            wanted,
            column=column,
            key=key,
            contracts=project.contracts,
            readers=project.file.readers,
        )
        pages = [version for version in versions(folder) if _pages_without(project, version, whom)]
        _out_of_dagster(project.warehouse / "dagster", whom)
    again = [path for noted in exports_noted(folder) for path in write_again(folder, noted)]
    for one in gone:
        counted = [f"{one.rows:,} rows"] * bool(one.rows) + [f"{one.rejects:,} rejected rows"] * bool(
            one.rejects
        )
        counted += [f"{one.cells:,} values"] * bool(one.cells)
        yield f"{one.feed}: {', '.join(counted)} are gone."
    if not gone:
        yield "Nothing that was landed is theirs; what is delivered of them from now on is left out."
    yield f"Written anew: raw.duckdb, {len(changed)} versions, pages of {len(pages)}, {len(again)} exported files."
    yield (
        "What stays: figures that they were counted in (kpi, index and their history), files as they were delivered, "
        "backups, and copies that others have made."
    )


def _pages_without(project: Project, version: Path, whom: Forgotten) -> bool:
    """Write the pages of a version anew if they name a forgotten person's pseudonym, policy, claim or complaint."""
    site = site_of(version)
    names = [*whom.pseudonyms, *(thing for things in whom.things.values() for thing in things)]
    files = [path for path in site.rglob("*") if path.is_file()] if site.is_dir() else []
    if not any(name in path.read_text(encoding="utf-8") for path in files for name in names):
        return False
    from orchestration.pages.site import options, write_site

    write_site(version, site, project.file.pages.language, options(project))
    let_read(site.parent, project.file.readers)
    return True


def _out_of_dagster(home: Path, whom: Forgotten) -> None:
    """Replace pseudonyms in what Dagster noted of runs, as of rows that failed a check."""
    for path in home.rglob("*.db"):
        with closing(sqlite3.connect(path)) as con:
            tables = [name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            changed = 0
            for table in tables:
                for column in [
                    row[1] for row in con.execute(f'PRAGMA table_info("{table}")') if row[2] == "TEXT"
                ]:
                    for name in whom.pseudonyms:
                        changed += con.execute(
                            f'UPDATE "{table}" SET "{column}" = replace("{column}", ?, ?) WHERE instr("{column}", ?)',
                            [name, _INSTEAD, name],
                        ).rowcount
            con.commit()
            if changed:
                con.execute("VACUUM")
