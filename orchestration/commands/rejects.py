"""`policypulse rejects`: the rows of one file that its mapping rejects, shown or written out for mending.

The file is read as it is now by the project file as it is now, whether or not it has landed.
"""

from pathlib import Path

import polars as pl

from orchestration.project import Project
from warehouse.landing.rereading import readers_of, rejected_rows, write_records


def rejected(project: Project, file: str) -> pl.DataFrame:
    """Feed, line, column, reason and text of the rejected rows; raises ValueError or LandingError."""
    path, readers = readers_of(file, project.feeds, project.data)
    return rejected_rows(
        path, readers, project.contracts, folder=project.data, time_zone=project.settings.time_zone
    )


def written_out(project: Project, file: str, out: Path) -> str:
    """Write the rejected rows into a new file; returns what to do with it."""
    path, readers = readers_of(file, project.feeds, project.data)
    lines = rejected(project, file)["line"].unique().to_list()
    if not lines:
        return f"No row of {file} is rejected; nothing was written."
    count = write_records(path, readers[0][1], lines, out)
    patterns = ", ".join(dict.fromkeys(pattern for _, source in readers for pattern in source.files))
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return (
        f"Wrote {rows} to {out}, as they stand, with what is personal in them. Mend them and put the file where "
        f"{patterns} finds it, beside {path.name}; then: policypulse run"
    )
