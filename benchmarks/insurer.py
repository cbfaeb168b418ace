"""The insurer that is measured: simulated once a size, its last days in files of their own, so that they can land.

What is known on KNOWN lies in `feeds`; what the day after brings waits in `day` until `land_day` puts it beside.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import yaml

from benchmarks.bare_duckdb import write_run_file
from benchmarks.models import FEED_FILES, MODELS

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-c", "from policypulse import main; main()"]
# The day up to which everything has landed, the day that one's files bring, and one that brings nothing.
KNOWN, DAY, QUIET = "2025-12-29", "2025-12-30", "2025-12-31"
# When a record was made, by feed; of all others everything is known from the start.
RECORDED = {
    "claim_events": "REC_TS",
    "policies": "UPD_TS",
    "premiums": "recorded_at",
    "policy_events": "SYS_TS",
    "complaints": "updatedAt",
    "survey_answers": "recorded_at",
    "survey_invitations": "recorded_at",
    "contacts": "REC_TS",
    "service_orders": "REC_TS",
    "applications": "REC_TS",
    "audits": "recorded_at",
}


def simulated(work: Path, policies: int, months: int, seed: int) -> Path:
    """The project folder of a simulated insurer, written unless it is there already."""
    folder = work / f"insurer_{policies}_{months}_{seed}_days"
    if not (folder / "run.csv").exists():
        shutil.rmtree(folder, ignore_errors=True)
        size = ["--policies", str(policies), "--months", str(months), "--seed", str(seed)]
        subprocess.run(
            [*COMMAND, "simulate", "--out", str(folder), *size],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        _set_day_apart(folder)
        write_open_project(folder / "policypulse.yml")
        write_asked_project(folder, folder / "asked")
        write_run_file(folder, KNOWN, months)
    return folder


def land_day(project: Path) -> None:
    """Put the files of the day beside those that have landed."""
    for path in (project / "day").iterdir():
        shutil.copy2(path, project / "feeds" / path.name)


def take_day_back(project: Path) -> None:
    """Have no file of the day where feeds land."""
    for path in (project / "day").iterdir():
        (project / "feeds" / path.name).unlink(missing_ok=True)


def write_open_project(file: Path) -> None:
    """Have the project file ask for every file that begins with the name of its feed."""
    text = FEED_FILES.sub(r"feeds/\1*.\2*", file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")


def write_asked_project(project: Path, folder: Path) -> None:
    """Write a project of the same insurer that asks for what the peers compute, of the feeds that they read."""
    content = yaml.safe_load((project / "policypulse.yml").read_text(encoding="utf-8"))
    named = next(model for model in MODELS if model.name == "definitions").sql
    with duckdb.connect() as con:
        kpis = [
            code for (code,) in con.execute(f"SELECT DISTINCT kpi FROM ({named}) ORDER BY kpi").fetchall()
        ]
    tables = [f"{model.schema}.{model.name}" for model in MODELS if model.storage == "table"]
    feeds = {feed for model in MODELS for feed, _ in FEED_FILES.findall(model.sql)}
    ours = {key: content[key] for key in ("insurer", "time_zone", "calendar", "months", "persistency")}
    asked = {
        **ours,
        "as_of": KNOWN,
        "data": str(project.resolve()),
        "pseudonyms": {"key_file": str((project / "pseudonym.key").resolve()), "key_id": "k1"},
        "only": {"kpis": kpis, "tables": tables},
        "grains": [],
        "index": {"frameworks": []},
        "pages": {"written": False},
        "feeds": {feed: sources for feed, sources in content["feeds"].items() if feed in feeds},
    }
    folder.mkdir(exist_ok=True)
    (folder / "policypulse.yml").write_text(
        yaml.safe_dump(asked, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )


def _set_day_apart(folder: Path) -> None:
    """Write the day's records of every feed into files of their own; later ones are left out."""
    (folder / "day").mkdir()
    for feed, column in RECORDED.items():
        for path in sorted((folder / "feeds").glob(f"{feed}[._]*")):
            day = folder / "day" / f"{feed}_{DAY}{'.parquet' if path.suffix == '.parquet' else ''}"
            if path.suffix == ".parquet":
                _divide_parquet(path, day, column)
            else:
                suffix = ".ndjson" if path.suffix == ".ndjson" else ".csv"
                _divide_lines(path, day.with_name(day.name + suffix), column)


def _divide_parquet(path: Path, day: Path, column: str) -> None:
    rows = pl.read_parquet(path)
    recorded = rows[column].dt.date().cast(pl.String).fill_null("")
    rows.filter(recorded <= KNOWN).write_parquet(path)
    rows.filter(recorded == DAY).write_parquet(day)


def _divide_lines(path: Path, day: Path, column: str) -> None:
    known = path.with_name(f"{path.name}.known")
    with _opened(path, "r") as lines, _opened(known, "w", path.suffix) as before, day.open("ab") as after:
        header = next(lines) if path.suffix != ".ndjson" else b""
        before.write(header)
        if not day.stat().st_size:
            after.write(header)
        for line, recorded in _recorded(lines, header, column):
            if recorded <= KNOWN:
                before.write(line)
            elif recorded == DAY:
                after.write(line)
    known.replace(path)


def _recorded(lines: Iterator[bytes], header: bytes, column: str) -> Iterator[tuple[bytes, str]]:
    """Each line with the day it was recorded, as 2025-12-30; empty where it does not say."""
    place = header.decode().strip().split(",").index(column) if header else 0
    key = re.compile(rf'"{column}":"([^"]*)"'.encode())
    for line in lines:
        if header:
            fields = line.split(b",")
            text = fields[place] if place < len(fields) else b""
        else:
            found = key.search(line)
            text = found[1] if found else b""
        yield line, _iso(text.strip().decode(errors="replace"))


def _iso(text: str) -> str:
    """The day of 2025-12-30 … or of 30/12/2025 …, as 2025-12-30.

    >>> _iso("30/12/2025 09:07:41")
    '2025-12-30'
    """
    if re.match(r"\d\d/\d\d/\d{4}", text):
        return f"{text[6:10]}-{text[3:5]}-{text[:2]}"
    return text[:10] if re.match(r"\d{4}-\d\d-\d\d", text) else ""


def _opened(path: Path, mode: str, suffix: str = ""):  # type: ignore[no-untyped-def]
    """A file of bytes, compressed where its name says so."""
    import gzip

    compressed = (suffix or path.suffix) == ".gz"
    return gzip.open(path, f"{mode}b") if compressed else path.open(f"{mode}b")
