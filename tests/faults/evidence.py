"""What the tests of faults look at: what a version says, what the history does, and what lies about in a warehouse."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb

from warehouse.folder import Folder
from warehouse.history import LEDGERS
from warehouse.publish import NAME, current_version, versions
from warehouse.verification import faults, feed_contents

PROJECT = """\
insurer: Steadfast Mutual
calendar: GB
as_of: 2025-06-30
months: 3
grains: []
cuts: [company, org_unit]
keep_versions: 2
index: {frameworks: [desk.yml]}
only:
  kpis: [complaint_upheld_share, complaint_received_to_closed_days_median]
  tables: [kpi.monthly, index.scores]
pages: {written: false}
feeds:
  complaints:
    files: complaints*.csv
    max_reject_share: 0.2
    max_shrink_share: 1
    columns:
      complaint_id: id
      received_on: {column: received, format: "%Y-%m-%d"}
      closed_on: {column: closed, format: "%Y-%m-%d"}
      outcome: {column: outcome, codes: {up: upheld, no: not_upheld}}
      org_unit: branch
"""
FRAMEWORK = """\
code: desk
version: 1
title: Complaint desk
source: House
index:
  title: Complaint desk
  children:
    days:
      {title: Days, kpi: complaint_received_to_closed_days_median, basis: period, goalposts: {worst: 40, best: 0}}
    upheld: {title: Upheld, kpi: complaint_upheld_share, basis: period, goalposts: {worst: 1, best: 0}}
"""
KEPT = {
    "metrics.prom",
    "raw.duckdb",
    "build.duckdb",
    "state.duckdb",
    "current.duckdb",
    "published.json",
    "lock",
    "versions",
    "dagster",
}
KEPT_BY_DAGSTER = {"dagster.yaml", "history", "schedules", "storage", "lock"}


def project(folder: Path) -> Path:
    """A project of a complaint log in three files, one row of which breaks its contract."""
    folder.mkdir(parents=True)
    (folder / "policypulse.yml").write_text(PROJECT, encoding="utf-8")
    (folder / "desk.yml").write_text(FRAMEWORK, encoding="utf-8")
    for month in (4, 5, 6):
        deliver(folder, f"complaints_{month}.csv", month)
    return folder


def deliver(
    folder: Path, name: str, month: int, *, days_open: int = 5, rows: int = 120, upheld: int = 4
) -> None:
    """Write a file of complaints of a month, one of them with a day that is none."""
    lines = ["id,received,closed,outcome,branch", f"bad {name},2025-{month:02}-31st,,up,North"]
    for i in range(rows):
        day, branch = 1 + i % 20, ("North", "South", "West")[i % 3]
        closed = f"2025-{month:02}-{min(28, day + days_open + i % 3):02}"
        lines.append(f"{month}-{i},2025-{month:02}-{day:02},{closed},{'up' if i % upheld else 'no'},{branch}")
    (folder / name).write_text("\n".join(lines), encoding="utf-8")


def second_delivery(folder: Path) -> None:
    """A file that replaces one that landed, and a new one."""
    deliver(folder, "complaints_6.csv", 6, days_open=15, rows=140, upheld=2)
    deliver(folder, "complaints_3.csv", 3)


def copied(source: Path, target: Path) -> Path:
    """The project with its warehouse, under another path; times of files are kept."""
    shutil.copytree(source, target, symlinks=True)
    return target


def warehouse(project: Path) -> Folder:
    return Folder(project / "warehouse")


def content(version: Path) -> dict[str, tuple[int, int]]:
    """Of every table of a version but those of catalogue and history: number of rows and a digest of them all."""
    with duckdb.connect(str(version.resolve()), read_only=True) as con:
        tables = con.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name <> 'catalog'"
            " AND table_name <> 'history' ORDER BY ALL"
        ).fetchall()
        digest = "count(*), coalesce(sum(hash(t)::HUGEINT), 0)"
        return {table: con.execute(f"SELECT {digest} FROM {table} AS t").fetchall()[0] for (table,) in tables}


def seen(project: Path) -> dict[str, tuple[int, int]] | None:
    """What readers see; None if nothing is published."""
    current = warehouse(project).current
    return content(current) if current.exists() else None


def history(project: Path) -> list[Counter[tuple[object, ...]]]:
    """What was published of every record, however often, with no regard to when."""
    with duckdb.connect(str(warehouse(project).current.resolve()), read_only=True) as con:
        return [
            Counter(con.execute(f"SELECT {ledger.columns} FROM {ledger.history}").fetchall())
            for ledger in LEDGERS
        ]


def noted(project: Path) -> list[Counter[tuple[object, ...]]]:
    """What the landing zone has noted of every record."""
    with duckdb.connect(str(warehouse(project).raw), read_only=True) as con:
        return [
            Counter(
                con.execute(f"SELECT {ledger.columns} FROM {ledger.kept_in.partition('.')[2]}").fetchall()
            )
            for ledger in LEDGERS
        ]


def landed(project: Path) -> object:
    """What was landed: rows of each feed, those rejected, and what the load log counts."""
    folder = warehouse(project)
    with duckdb.connect(str(folder.raw), read_only=True) as con:
        books = con.execute(
            "SELECT load_id, feed, file, rows_read, rows_landed, rows_rejected, rows_skipped, rows_unchanged,"
            " in_force FROM loads ORDER BY ALL"
        ).fetchall()
        rejects = con.execute(
            "SELECT feed, file, line, column_name, reason, raw FROM rejects ORDER BY ALL"
        ).fetchall()
        files = con.execute("SELECT seen, feed, file, sha256, load_id FROM files ORDER BY ALL").fetchall()
    return feed_contents(folder.raw), books, rejects, files


def found(project: Path) -> dict[str, Any]:
    """All that must be as if nothing had happened: what was landed, what readers see, and the history."""
    return {"landed": landed(project), "seen": seen(project), "history": history(project)}


def left_behind(project: Path) -> list[str]:
    """Files of a warehouse at rest that should not be there, damage that `verify` finds, links that lead nowhere."""
    folder = warehouse(project)
    left = [path.name for path in folder.path.iterdir() if path.name not in KEPT]
    left += [path.name for path in folder.versions.iterdir() if not NAME.fullmatch(path.name)]
    left += [path.name for path in (folder.path / "dagster").glob("*") if path.name not in KEPT_BY_DAGSTER]
    left += list(faults(folder))
    if current_version(folder) not in versions(folder)[-1:]:
        left.append("readers do not see the newest version")
    return left
