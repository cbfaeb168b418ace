"""The files `kpis/*.yml` of a project: read with it, and what is wrong with their KPIs, each with file, line and key.

What a KPI may say is `transforms/kpi_file.py`, what it computes `transforms/kpi/own.py`. The first half is cheap to
import, as `project.py` needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.own_files import OwnFile, OwnFiles
from transforms.kpi_file import KpiChange, KpiFileError, OwnKpi, read_kpis
from transforms.nearest import meant
from transforms.written_yaml import line_of, read_yaml

if TYPE_CHECKING:
    import polars as pl

    from orchestration.project import Project
    from transforms.measures.definition import Kpi
    from transforms.settings import Settings

# Further from its value than this, an example says something else; it may be written rounded.
ROUNDING = 1e-6


def read_own_kpis(
    files: Iterable[OwnFile], changed: Mapping[str, KpiChange], problems: list[tuple[str, str]]
) -> tuple[tuple[OwnKpi, ...], dict[str, KpiChange]]:
    """The own KPIs of all files, and the changes in ours, with those that the project file has `changed`.

    Appends what is wrong to `problems`.
    """
    found: list[OwnKpi] = []
    changes = dict(changed)
    places = dict.fromkeys(changed, "the project file")
    for path, text in files:
        try:
            kpis, some = read_kpis(text)
        except KpiFileError as error:
            problems += [("", told_at(path, line, key, reason)) for line, key, reason in error.problems]
            kpis, some = error.usable
        for code in (*(kpi.code for kpi in kpis), *some):
            if code in places:
                line = line_in(text, code)
                problems.append(
                    ("", told_at(path, line, code, f"stands in {places[code]} as well; keep one of them"))
                )
            places[code] = str(path)
        found += kpis
        changes |= some
    return tuple(found), changes


def counted_facts(files: Iterable[OwnFile]) -> tuple[str, ...]:
    """The tables that the KPIs of the files count rows of; none of files that cannot be read."""
    if not files:
        return ()
    from transforms.kpi.own import facts_of

    kpis, _ = read_own_kpis(files, {}, [])
    return tuple(facts_of(kpis))


def _usable(text: str) -> tuple[tuple[OwnKpi, ...], dict[str, KpiChange]]:
    """Those of a file's KPIs and changes that can be read; the others were told of when the project was read."""
    try:
        return read_kpis(text)
    except KpiFileError as error:
        return error.usable


def usable_kpis(text: str) -> tuple[OwnKpi, ...]:
    """The own KPIs of a file that can be read."""
    return _usable(text)[0]


def facts_added(own: OwnFiles) -> list[str]:
    """The facts that a project adds, by table."""
    return [f"core.{path.stem}" for path, _ in own.models if path.parent.name == "core"]


def kpi_problems(project: Project, own_facts: Mapping[str, pl.Schema | None]) -> Iterator[str]:
    """What is wrong with the project's own KPIs and its changes in ours.

    `own_facts` are its facts by table; of those that cannot be made (None), types are not looked at.
    """
    from transforms.kpi.own import OwnKpiError, kpi_of
    from transforms.kpi.registry import built_in, exposures_of

    settings = project.settings
    ours = built_in(settings)
    codes = {kpi.code for kpi in ours}
    exposures = exposures_of(ours)
    facts = facts_by_table(own_facts, settings)
    for code in sorted(project.file.kpis.keys() - codes):
        yield project.told(f"kpis.{code}", _no_such_kpi(code, codes))
    for place, code in enumerate(settings.only.kpis):
        if code not in codes:
            yield project.told(f"only.kpis.{place}", _no_such_kpi(code, codes))
    for path, text in project.own.kpis:
        kpis, changes = _usable(text)
        for code in changes.keys() - codes:
            yield told_at(path, line_in(text, code), code, _no_such_kpi(code, codes))
        for own in kpis:
            if own.code in codes:
                yield told_at(path, line_in(text, own.code), own.code, TAKEN)
                continue
            try:
                problems = list(_example_problems(kpi_of(own, facts, exposures), facts))
            except OwnKpiError as error:
                problems = error.problems
            for key, reason in problems:
                whole = f"{own.code}.{key}"
                yield told_at(path, line_in(text, whole), whole, reason)


def facts_by_table(
    own_facts: Mapping[str, pl.Schema | None], settings: Settings
) -> dict[str, pl.Schema | None]:
    """The facts of core with their columns: ours as declared, with what the project adds, and its own."""
    from transforms.graph import transform_models

    ours = {m.writes: m.schema for m in transform_models(settings.attributes) if m.writes.startswith("core.")}
    return {**ours, **own_facts}


TAKEN = (
    "is one of our KPIs; give yours another code, or leave ours out (left_out: true) in the project file, under kpis; "
    "of ours minimum, suppress_below and horizon_days can be changed"
)


def _no_such_kpi(code: str, codes: Iterable[str]) -> str:
    return f"there is no KPI of ours called that{meant(code, codes)}"


def _example_problems(kpi: Kpi, facts: Mapping[str, pl.Schema | None]) -> Iterator[tuple[str, str]]:
    """What its example does not bear out, through the engine that makes the records of every KPI."""
    from transforms.measures.example_record import record_of

    if facts[kpi.fact] is None or kpi.example is None:
        return
    try:
        found = record_of(
            kpi, kpi.example, {name: schema for name, schema in facts.items() if schema is not None}
        )
    except ValueError as error:
        yield "example", str(error)
        return
    if found["value"] is None:
        yield "example.value", f"the rows give no value: {_why_none(found['status'], kpi)}"
        return
    for name in ("value", "numerator", "denominator"):
        said, computed = getattr(kpi.example, name), found[name]
        if said is None:
            continue
        if computed is None or abs(computed - said) > ROUNDING * max(1.0, abs(said)):
            sides = f" ({found['numerator']:g} over {found['denominator']:g})" if _has_sides(found) else ""
            yield f"example.{name}", f"the rows give {_shown(computed)}{sides}, not {said:g}"


def _has_sides(found: Mapping[str, object]) -> bool:
    return found["numerator"] is not None and found["denominator"] is not None


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.10g}"


def _why_none(status: str, kpi: Kpi) -> str:
    match status:
        case "not_applicable":
            from transforms.measures.needs import Needs, bases_of
            from transforms.settings import Settings

            asked = Needs.undeclared(Settings(), {}).of(kpi, bases_of(kpi)[0])
            columns = sorted({name.rpartition(".")[2] for need in asked.needs for name in need.items})
            return f"a column that it looks at is empty in every row ({', '.join(columns)})"
        case "immature":
            return (
                f"too early to tell on {kpi.example.as_of if kpi.example else ''}; set as_of to a later day"
            )
        case _:
            months = kpi.example.period if kpi.example else ""
            return f"no row counts in {months} ({status})"


def line_in(text: str, path: str) -> int | None:
    """The line of a key in a file of own KPIs."""
    return line_of(read_yaml(text)[1], path.split("."))


def told_at(path: Path, line: int | None, key: str, reason: str) -> str:
    """A reason with the place that it is about."""
    return ": ".join(filter(None, [f"{path}:{line}" if line else str(path), key, reason]))
