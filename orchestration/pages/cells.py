"""How a value of a published table stands on a page: in words, rounded, with the exact value beside it.

Templates ask for the cell of a row and column, or for a single number in a text.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from markupsafe import Markup, escape

from orchestration.pages import numbers
from orchestration.pages.edition import Edition, FrameworkShown
from orchestration.pages.published import Column, Row

MOST_NAMED = 3


class Cells:
    """The values of an edition, as markup."""

    def __init__(self, edition: Edition) -> None:
        self._edition, self._words = edition, edition.words

    def of_row(
        self,
        row: Row,
        columns: Sequence[Column],
        framework: FrameworkShown | None,
        sparks: Mapping[tuple[str, str], Markup] | None,
    ) -> Markup:
        """All cells of a row, the first as its head; hundreds of thousands of them make most of a site."""
        cells = []
        for number, column in enumerate(columns):
            if column.kind == "spark":
                shown = (sparks or {}).get((row["kpi"], row["basis"]), Markup())
            else:
                shown = self.cell(row, column, framework)
            tag = "td" if number or column.kind == "spark" else "th"
            scope = ' scope="row"' if tag == "th" else ""
            cells.append(f"<{tag}{scope}{self.style_class(column)}>{shown}</{tag}>")
        return Markup("".join(cells))

    def style_class(self, column: Column) -> Markup:
        """The attribute with the class of a column's cells, which only those have where it shows."""
        if column.kind in ("number", "points", "interval", "interval_of_score"):
            return Markup(' class="n"')
        if column.kind in ("kpi", "kpi_alone", "branch", "spark"):
            return Markup(f' class="{column.kind}"')
        return Markup()

    def cell(self, row: Row, column: Column, framework: FrameworkShown | None = None) -> Markup:
        """The cell of a row in that column."""
        value: Any = row.get(column.name)
        unit = row[column.unit_from] if column.unit_from else column.unit
        match column.kind:
            case "number":
                return self.number(value, unit)
            case "points":
                return self.change(value, unit)
            case "interval":
                return self.interval(value, row["ci_high"], unit)
            case "month":
                return self.month(value)
            case "day":
                return self.day(value)
            case "interval_of_score":
                return self.interval(row["score_low"], row["score_high"], "score_0_100")
            case "kpi_alone":
                return self.kpi(str(value))
            case "kpi":
                return self.kpi(str(value), row.get("basis"))
            case "branch":
                return self.branch(str(value))
            case "anchor":
                return Markup('<a href="#{0}">{0}</a>').format(value)
            case "segment":
                return escape(self._edition.segment_name(str(row["cut"]), str(value)))
            case "part":
                nodes = framework.nodes if framework else {}
                return escape(nodes[value].title if value in nodes else value)
            case "node_of":
                return escape(self._node_title(str(row["framework"]), str(value)))
            case "variation":
                return self.variation(row)
            case "assurance":
                return self.assurance(value)
            case "sentence":
                return self.sentence(row)
            case "segments":
                return self.segments(value)
        return escape(self._words.name(column.words, value) if column.words else _text(value))

    def number(self, value: float | None, unit: str) -> Markup:
        """A value in its unit."""
        return self._data(value, numbers.shown(value, unit, self._words))

    def change(self, value: float | None, unit: str) -> Markup:
        """A difference of two values in that unit."""
        return self._data(value, numbers.change(value, unit, self._words))

    def interval(self, low: float | None, high: float | None, unit: str) -> Markup:
        """An interval."""
        if low is None or high is None:
            return Markup(numbers.NOTHING)
        text = escape(numbers.interval(low, high, unit, self._words))
        return Markup(f'<data value="{float(low)!r} {float(high)!r}">{text}</data>')

    def month(self, value: date | None) -> Markup:
        """A month."""
        return escape(numbers.NOTHING if value is None else numbers.month(value, self._words))

    def day(self, value: date | datetime | None) -> Markup:
        """A day, or the day and minute of an instant."""
        if value is None:
            return Markup(numbers.NOTHING)
        text = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else f"{value:%Y-%m-%d}"
        return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), text)

    def kpi(self, kpi: str, basis: str | None = None) -> Markup:
        """A KPI by its title, with a link to its page; the basis where there is one."""
        title = self._edition.kpi_title(kpi)
        address = self._edition.kpis.get(kpi)
        name = Markup('<a href="{}">{}</a>').format(address, title) if address else escape(title)
        if not basis:
            return name
        return Markup("{} <small>{}</small>").format(name, self._words.name("bases", basis))

    def branch(self, segment: str) -> Markup:
        """A branch by its name, with a link to its page."""
        name = self._edition.segment_name("org_unit", segment)
        if address := self._edition.branches.get(segment):
            return Markup('<a href="{}">{}</a>').format(address, name)
        return escape(name)

    def variation(self, row: Row) -> Markup:
        """Whether a series is changing: for the better, for the worse, or within its ordinary variation."""
        return Markup('<span class="icon {}">{}</span>').format(
            _variation(row), self._words.say(f"variation.{_variation(row)}")
        )

    def assurance(self, value: str | None) -> Markup:
        """Whether a target will be met if nothing changes; nothing without a target or limits."""
        if value is None:
            return Markup(numbers.NOTHING)
        return Markup('<span class="icon {}">{}</span>').format(value, self._words.name("assurance", value))

    def sentence(self, row: Row) -> Markup:
        """A signal in words: what the reader sees, and what is usual."""
        unit = row["unit"] or "number"
        low = row["value"] is not None and row["centre"] is not None and row["value"] < row["centre"]
        side = self._words.say("sides.below" if low else "sides.above")
        return escape(self._words.say(f"rules.{row['rule']}", side=side)) + Markup(": {} ({} {}).").format(
            self.number(row["value"], unit), self._words.say("usually"), self.number(row["centre"], unit)
        )

    def segments(self, segments: list[str]) -> Markup:
        """Where a signal is: the company, or so many segments, the first few by name."""
        names = []
        for both in segments[:MOST_NAMED]:
            cut, _, segment = both.partition(": ")
            names.append(self._edition.segment_name(cut, segment))
        more = len(segments) - len(names)
        return escape(", ".join(names) + (self._words.say("and_more", count=more) if more else ""))

    def _node_title(self, framework: str, node: str) -> str:
        for one in self._edition.frameworks:
            if one.code == framework and node in one.nodes:
                return one.nodes[node].title
        return node

    def _data(self, value: float | None, text: str) -> Markup:
        if value is None:
            return escape(text)
        return Markup(f'<data value="{float(value)!r}">{escape(text)}</data>')


def _variation(row: Row) -> str:
    if row.get("is_signal") is None:
        return "unknown"
    if not row["is_signal"]:
        return "usual"
    return {True: "better", False: "worse", None: "changed"}[row["is_good"]]


def _text(value: Any) -> str:
    return numbers.NOTHING if value is None else str(value)
