"""What a benchmark prints: the machine, the table of measurements with ratios, and whether results agree.

Tables are Markdown, so that they can be put into the README as they are.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.compare import Comparison
from benchmarks.measure import Contender, Measured

_PACKAGES = ("duckdb", "polars", "dagster", "great-expectations", "lifelines")


def machine() -> str:
    """One line on where this runs: processor, cores, memory, system, versions, and how busy it is."""
    versions = [f"Python {platform.python_version()}", *filter(None, map(_version, _PACKAGES))]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f"load {os.getloadavg()[0]:.1f} at the start"
    return f"{_processor()}, {cores} cores, {_memory()}, {_system()}; {', '.join(versions)}; {load}"


def measurement_table(
    title: str,
    contenders: Sequence[Contender],
    results: Mapping[str, Measured],
    ratios: Sequence[tuple[str, str]],
) -> Table:
    """One row per program, and the ratios of the pairs of which both were run."""
    table = Table("", "wall s", "CPU s", "peak MiB", title=title, box=box.MARKDOWN, title_justify="left")
    _right_aligned(table, 3)
    titles = {contender.name: contender.title for contender in contenders}
    for name, shown in titles.items():
        found = results[name]
        table.add_row(shown, f"{found.wall_s:.1f}", f"{found.cpu_s:.1f}", f"{found.peak_mib:,.0f}")
    for one, other in ratios:
        if not {one, other} <= titles.keys():
            continue
        ours, theirs = results[one], results[other]
        pairs = (
            (ours.wall_s, theirs.wall_s),
            (ours.cpu_s, theirs.cpu_s),
            (ours.peak_mib, theirs.peak_mib),
        )
        table.add_row(f"{titles[one]} / {titles[other]}", *(f"{left / right:.2f}" for left, right in pairs))
    return table


def agreement_table(comparisons: Mapping[tuple[str, str], Comparison]) -> Table:
    """One row per pair of results: how many records were compared, how many differ, what only the first has."""
    headings = (
        "kpi.monthly of",
        "compared",
        "with intervals",
        "differing",
        "lacking in the first",
        "only there",
    )
    table = Table(*headings, "core tables", box=box.MARKDOWN)
    _right_aligned(table, 5)
    for (first, peer), found in comparisons.items():
        where = ", ".join(f"{column} {count:,}" for column, count in found.by_column.items())
        numbers = (found.records, found.intervals, found.differing, found.missing, found.further)
        tables = ", ".join(found.tables_differing) or "same rows"
        table.add_row(
            f"{first}, {peer}{f' ({where})' if where else ''}", *map("{:,}".format, numbers), tables
        )
    return table


def console() -> Console:
    """Wide enough that no row is folded, wherever the output goes."""
    return Console(width=140, soft_wrap=False, highlight=False)


def _right_aligned(table: Table, last: int) -> None:
    for column in table.columns[1 : last + 1]:
        column.justify = "right"


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _memory() -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{total / 2**30:.0f} GiB"


def _system() -> str:
    try:
        named = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, AttributeError, KeyError):
        return f"{platform.system()} {platform.release()}"
    return f"{named}, {platform.system()} {platform.release()}"
