"""The dictionary of KPIs and marts, generated from registry and models: nothing about them is written twice.

Here are its rows for the catalogue and its pages; what a KPI is, is `transforms/measures/definition.py`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from transforms.graph import Node, sql_models
from transforms.kpi.declared_needs import declared_needs
from transforms.kpi.registry import SUBJECTS, registry, subjects
from transforms.measures.definition import Kpi
from transforms.measures.example import EMPTY, Example
from transforms.measures.needs import Asked, bases_of, firsts_of, lacks_of, words_of
from transforms.pack import Entry, Pack, shipped_packs
from transforms.settings import Settings
from transforms.sql_model import SqlModel
from transforms.units import UNITS

INTRODUCTION = """# Dictionary of KPIs and marts

Generated from the registry by `policypulse dictionary`; the same is in `catalog.kpis` of every warehouse.
Shares are fractions. A cohort counts the cases received, issued or expired in the month, a period those closed in
it, a stock those open at its end. `minimum` is the number of cases below which the status is `low_n`; a cohort is
`immature` until its horizon is over. What a KPI `needs` are columns and codes of the feeds, several codes of a column
written as `a|b`: until the sources have recorded them, it is `not_applicable` and not 0.

Intervals are at 95 % and for the process, as if the month's cases were a sample of it. The rows that one respondent
has in several dimensions count as one; else cases are taken as independent. A customer seldom has two claims or
complaints in a month: 1.00 to 1.07 on the average of those of the simulated insurer, by which an interval is at most
3 % too narrow even if all cases of a customer went alike. In a year it is up to 1.7 (claims) and 30 %. Calls come
more often, 1.4 in a month and 2.7 in a year, so that theirs are at most 17 % and 63 % too narrow. Quantiles of whole
days and exact limits of small counts are cautious: they hold the truth more often than they say.
"""

PACKS = """# Packs

Our reading of regulators' rules, in `catalog.packs` of a warehouse whose project names the pack; each entry says how
well the rule is known. None of it is the rule itself.
"""

MARTS = """# Marts

Each with what one row is and a query to begin with; the same is in `catalog.tables`, their columns in
`catalog.columns`. From the index to the cases: `marts.index_change` says which KPI moved it, `marts.kpi_trend` in
which branch, and `policypulse cases` lists the claims, complaints, policies or answers that made the KPI there.
"""


OWN = """# Tables of this project

Made by files in the project's own folder, with all their columns; the same is in `catalog.tables` and
`catalog.columns`.
"""


def dictionary_rows(settings: Settings, recorded: pl.DataFrame | None = None) -> list[tuple[object, ...]]:
    """One row per KPI, in the columns of catalog.kpis; `recorded` says what the project's sources record."""
    return [
        (
            kpi.code,
            kpi.title,
            kpi.fact,
            type(kpi.measure).__name__,
            kpi.unit,
            kpi.direction,
            bases(kpi),
            kpi.minimum,
            kpi.horizon_days,
            kpi.definition_version(settings),
            kpi.source,
            kpi.definition,
            kpi.formula,
            kpi.counts,
            kpi.leaves_out,
            kpi.seldom,
            interval(kpi),
            kpi.example.given if kpi.example else None,
            kpi.example.value if kpi.example else None,
            _rows_of(kpi.fact, kpi.example) if kpi.example else None,
            kpi.for_index,
            words_of(asked.values()),
            None if recorded is None else lacks_of(asked, recorded) or None,
            None if recorded is None else _recorded_from(asked, recorded),
        )
        for kpi, asked in _asked(settings)
    ]


def _rows_of(fact: str, example: Example) -> str:
    """The rows of facts that a worked example gives, as JSON by table."""
    own = [{**example.every, **row} for row in example.rows]
    return json.dumps({fact: own, **example.also}, ensure_ascii=False)


def _asked(settings: Settings) -> Iterator[tuple[Kpi, dict[str, Asked]]]:
    """Every KPI with what it needs on each basis."""
    needs = declared_needs(settings)
    for kpi in registry(settings):
        yield kpi, {basis: needs.of(kpi, basis) for basis in bases_of(kpi)}


def _recorded_from(asked: Mapping[str, Asked], recorded: pl.DataFrame) -> date | None:
    """The first day on which a KPI has all it needs on one basis; None if never, or if it needs nothing dated."""
    days = [one.since(firsts_of(recorded)) for one in asked.values()]
    first = min((day for day in days if day), default=None)
    return None if first == date.min else first


def bases(kpi: Kpi) -> str:
    """The bases of a KPI in words: `cohort by reported_on, period by decided_on`."""
    return ", ".join(f"{basis} by {day}" for basis, day in kpi.dates.items()) or "stock"


def interval(kpi: Kpi) -> str:
    """The kind of interval the KPI's measure has."""
    return kpi.measure.interval


def dictionary_pages(settings: Settings, own: Sequence[Node] = ()) -> dict[str, str]:
    """The dictionary as pages of Markdown by their file names: contents, a page a subject, packs of regulators, marts.

    Of a project that names no pack all those are shown that come with policypulse. `own` are the tables that the
    project adds; where there are some, they have a page.
    """
    packs = settings.packs or tuple(shipped_packs().values())
    needs = {kpi.code: words_of(asked.values()) for kpi, asked in _asked(settings)}
    marts = [model for model in sql_models() if model.name.startswith("marts.")]
    pages = {
        f"{subject}.md": "\n".join(
            [
                _heading(subject),
                *("\n".join(_entry(kpi, settings, packs, needs[kpi.code])) + "\n" for kpi in kpis),
            ]
        )
        for subject, kpis in subjects(settings).items()
    }
    places = {
        kpi.code: f"{subject}.md#{kpi.code}" for subject, kpis in subjects(settings).items() for kpi in kpis
    }
    pages["packs.md"] = "\n".join([PACKS, *("\n".join(_pack(pack, places)) + "\n" for pack in packs)])
    pages["marts.md"] = "\n".join([MARTS, *map(_mart, marts)])
    if own:
        pages["own_tables.md"] = "\n".join([OWN, *("\n".join(_own(node)) + "\n" for node in own)])
    return {"README.md": "\n".join(_contents(settings, packs, marts, own)) + "\n", **pages}


def _contents(
    settings: Settings, packs: Sequence[Pack], marts: Sequence[SqlModel], own: Sequence[Node]
) -> Iterator[str]:
    """The introduction, and a link to every KPI, pack, mart and table of the project's own."""
    yield INTRODUCTION
    for subject, kpis in subjects(settings).items():
        yield f"## [{_title(subject)}]({subject}.md)\n"
        yield from (f"- [{kpi.code}]({subject}.md#{kpi.code}): {kpi.title}" for kpi in kpis)
        yield ""
    yield "## [Packs](packs.md)\n"
    yield from (f"- [{pack.code}](packs.md#{pack.code}): {pack.title}" for pack in packs)
    yield "\n## [Marts](marts.md)\n"
    yield from (_link("marts.md", model.name) for model in marts)
    if own:
        yield "\n## [Tables of this project](own_tables.md)\n"
        yield from (_link("own_tables.md", node.name) for node in own)


def _link(page: str, table: str) -> str:
    """A table's entry in the contents; headings are named without points."""
    return f"- [{table}]({page}#{table.replace('.', '')})"


def _title(subject: str) -> str:
    return subject.replace("_", " ").capitalize()


def _heading(subject: str) -> str:
    """A subject's title and what its file says of it."""
    docs = {module.__name__.rpartition(".")[2]: module.__doc__ or "" for module in SUBJECTS}
    said = docs.get(subject, "The KPIs that the project declares itself, in `kpis/*.yml`.")
    return f"# {_title(subject)}\n\n{said.partition(chr(10))[0]} [All subjects](README.md).\n"


def _mart(model: SqlModel) -> str:
    grain = ", ".join(model.grain)
    return f"## {model.name}\n\n{model.description}\n\n- *grain*: {grain}\n- *owner*: {model.owner}\n\n" + (
        f"```sql\n{model.example}\n```\n"
    )


def _own(node: Node) -> Iterator[str]:
    yield f"## {node.name}\n\n{node.description}\n"
    said = {"grain": ", ".join(node.grain), "owner": node.owner, "made from": ", ".join(node.reads)}
    yield from (f"- *{name}*: {text}" for name, text in said.items() if text)
    yield "\n| column | says |\n| --- | --- |"
    yield from (f"| {column} | {text} |" for column, text in node.columns.items())
    if isinstance(node.model, SqlModel) and node.model.example:
        yield f"\n```sql\n{node.model.example}\n```"


def _entry(kpi: Kpi, settings: Settings, packs: Sequence[Pack], needs: str) -> Iterator[str]:
    yield f"## {kpi.code}\n"
    yield f"{kpi.title}. {kpi.definition}".rstrip() + "\n"
    better = {1: "higher is better", -1: "lower is better", 0: "neither side is better"}[kpi.direction]
    named_by = [pack.code for pack in packs if kpi.code in {entry.kpi for entry in pack.kpis}]
    said = {
        "formula": kpi.formula,
        "counts": kpi.counts,
        "leaves out": kpi.leaves_out,
        "seldom ok": kpi.seldom,
        "needs": needs,
        "fact": f"`{kpi.fact}`",
        "basis": bases(kpi),
        "unit": f"{UNITS[kpi.unit].title}; {better}"
        + ("" if kpi.for_index else "; not for a composite index"),
        "interval": interval(kpi),
        "minimum, horizon": f"{kpi.minimum} cases, {kpi.horizon_days} days",
        "version": kpi.definition_version(settings) + (f" (switch `{kpi.switch}`)" if kpi.switch else ""),
        "source": kpi.source,
        "packs": ", ".join(f"[{code}](packs.md#{code})" for code in named_by),
        "example": _told(kpi.example) if kpi.example else "",
    }
    for name, text in said.items():
        if text:
            yield f"- *{name}*: {text}"
    if kpi.example:
        yield from _tables(kpi.fact, kpi.example)


def _told(example: Example) -> str:
    """A worked example in words, with the record that follows."""
    sides = [f"{side:.6g}" for side in (example.numerator, example.denominator) if side is not None]
    of = f" from {' over '.join(sides)}" if example.denominator is not None else ""
    when = "" if example.period == "2025-03" else f", {example.period}"
    rules = f", under {_rules_of(example.under)}" if example.under else ""
    return f"{example.given}{when}{rules}: **{example.value:.6g}**{of} ({example.source})"


def _rules_of(settings: Settings) -> str:
    """What a project file says for these settings, as far as they are not the default ones."""
    return f"`{json.dumps(settings.model_dump(mode='json', exclude_defaults=True))}`"


def _tables(fact: str, example: Example) -> Iterator[str]:
    """The rows of a worked example, a table a fact."""
    every = ", ".join(f"{name} {value}" for name, value in example.every.items())
    for name, own in {fact: example.rows, **example.also}.items():
        if not own:
            continue
        alike = f", in every row {every}" if every and name == fact else ""
        columns = list(dict.fromkeys(column for row in own for column in row))
        yield f"\n`{name}` as of {example.as_of}{alike}\n"
        yield f"| {' | '.join(columns)} |"
        yield f"| {' | '.join('---' for _ in columns)} |"
        for row in own:
            texts = [EMPTY if row.get(column) is None else str(row[column]) for column in columns]
            yield f"| {' | '.join(texts)} |"


def _pack(pack: Pack, places: Mapping[str, str]) -> Iterator[str]:
    yield f"## {pack.code}\n"
    yield f"{pack.title}. {pack.authority}. {pack.note}".rstrip() + "\n"
    if pack.definitions:
        yield f"Sets {json.dumps(pack.definitions)} in the project file.\n"
    yield "| KPI | rule | clause | met | evidence |"
    yield "| --- | --- | --- | --- | --- |"
    for entry in pack.kpis:
        place = places.get(entry.kpi)
        kpi = f"[{entry.kpi}]({place}), {entry.basis}" if place else f"{entry.kpi}, not measured yet"
        yield f"| {kpi} | {entry.rule} | {entry.clause} | {_met(entry)} | {entry.evidence.replace('_', ' ')} |"


def _met(entry: Entry) -> str:
    """From which value on, or up to which, the rule is met."""
    if entry.at_least is not None:
        return f"from {entry.at_least:g}"
    return "" if entry.at_most is None else f"up to {entry.at_most:g}"
