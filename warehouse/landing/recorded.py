"""Since when the sources of a project record what: one row for every column and code that somebody asks about.

What a KPI makes of it is not here: see transforms/measures/needs.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.quoting import identifier, literal, literals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from warehouse.contract import Contract, Contracts
    from warehouse.landing.mapping import FeedSource

# The code by which a source of claims opens cases; a source without it completes those of others. In other feeds
# every row is a case, but for those that tell of policies.
_OPENING = {
    "claim_events": "event = 'reported'",
    "complaints": "received_on IS NOT NULL",
    "policy_events": "FALSE",
    "premiums": "FALSE",
}
_EMPTY = (
    "SELECT NULL::VARCHAR AS item, NULL::BOOLEAN AS is_mapped, NULL::DATE AS recorded_from,"
    " NULL::VARCHAR AS lacking WHERE FALSE"
)


@dataclass(frozen=True)
class Item:
    """A column of a feed, or a code in it: `complaints.accepted_on`, `claim_events.event=paid`; `=` alone is empty."""

    name: str
    feed: str
    column: str
    code: str | None
    contract: Contract = field(compare=False, repr=False)

    @classmethod
    def of(cls, name: str, contracts: Contracts) -> Item | None:
        """The item by its name; None if no contract knows the column."""
        path, _, code = name.partition("=")
        feed, _, column = path.partition(".")
        if feed not in contracts or column not in contracts[feed].columns:
            return None
        return cls(name, feed, column, code if "=" in name else None, contracts[feed])

    def mapped_by(self, source: FeedSource) -> bool:
        """Whether the mapping of a source can deliver it."""
        codes: set[str | None] = set()
        if source.wide and self.column == source.wide.into:
            codes |= set(source.wide.cells)
        elif source.wide and self.column == source.wide.value:
            return True
        elif self.column not in source.columns:
            codes |= {""} if self.contract.columns[self.column].default is None else {None}
            return self.code == "" or (self.code is None and codes == {None})
        else:
            origin = source.columns[self.column]
            if origin.constant is not None:
                codes |= {origin.constant}
            elif origin.codes is not None and origin.other != "keep":
                codes |= set(origin.codes.values())
            else:
                return True
        return self.code is None or self.code in codes or self.code == ""

    def stated_by(self, source: FeedSource) -> bool:
        """Whether the project says of a source that it records this, even if it has not yet."""
        return any(self in items_named(name, self.contract) for name in source.records)

    @property
    def happens(self) -> bool:
        """Whether it is something that happens on a day, and does not only tell cases apart."""
        is_event = self.column == "event" and self.code is not None
        is_dated = self.code is None and self.contract.columns[self.column].type in (
            "date",
            "timestamp",
        )
        return is_event or is_dated

    @property
    def is_still_to_come(self) -> bool:
        """Whether it is that of some cases a day is still empty, as of those not closed."""
        is_dated = self.contract.columns[self.column].type in ("date", "timestamp")
        return self.code == "" and is_dated


def items_named(name: str, contract: Contract) -> list[Item]:
    """What a name in `records:` of a source means: a column, a code of any column, or `column=code`."""
    known = {contract.feed: contract}
    if "=" in name or name in contract.columns:
        found = [Item.of(f"{contract.feed}.{name}", known)]
    else:
        coded = [column for column, c in contract.columns.items() if name in c.codes]
        found = [Item.of(f"{contract.feed}.{column}={name}", known) for column in coded]
    return [item for item in found if item]


def recorded_sql(
    names: Iterable[str],
    feeds: Mapping[str, Sequence[FeedSource]],
    time_zone: str,
    contracts: Contracts,
) -> str:
    """SELECT of item, is_mapped, recorded_from (empty if nothing landed by the as-of day) and lacking.

    An item is recorded from the day of the first row that has it; of a source that the project says records it,
    from its first row. That a day is still to come (`complaints.closed_on=`) is recorded from the first row of a source
    with any such case: for earlier cases it has come by now. What happens to cases must be recorded by every source
    that opens cases, from when on it does: `lacking` names those that never do, and it counts as recorded after their
    last case.
    """
    asked: dict[str, list[Item]] = {}
    for name in sorted(set(names)):
        item = Item.of(name, contracts)
        if item:
            asked.setdefault(item.feed, []).append(item)
    selects = [
        _of_feed(contracts[feed], items, feeds.get(feed, ()), time_zone) for feed, items in asked.items()
    ]
    return " UNION ALL ".join(f"({select})" for select in selects) or _EMPTY


def _of_feed(contract: Contract, items: Sequence[Item], sources: Sequence[FeedSource], time_zone: str) -> str:
    feed = contract.feed
    rows = ", ".join(
        f"({_asked(item, number, source)})" for item in items for number, source in _numbered(sources)
    )
    opening = _OPENING.get(feed, "TRUE")
    return f"""
WITH known AS NOT MATERIALIZED ({_known(contract, len(sources) > 1)}),
firsts AS (
    {" UNION ALL ".join(_firsts(contract, items))}
),
spans AS (
    SELECT _source, min(_day) AS first, min(_day) FILTER (_source >= 0 AND {opening}) AS opens,
        max(_day) FILTER (_source >= 0 AND {opening}) AS closes
    FROM known GROUP BY _source
),
asked(item, _source, name, is_mapped, is_stated, happens) AS (VALUES {rows}),
found AS (
    SELECT asked.item, asked.name, asked.is_mapped, spans.opens IS NOT NULL AND asked.happens AS must,
        {_on("coalesce(firsts.first, CASE WHEN asked.is_stated THEN spans.first END)", contract, time_zone)} AS since,
        {_on("spans.opens", contract, time_zone)} AS opens, {_on("spans.closes", contract, time_zone)} AS closes
    FROM asked
    LEFT JOIN spans ON spans._source = asked._source
    LEFT JOIN firsts ON firsts._source = asked._source AND firsts.item = asked.item
)
SELECT item, bool_or(is_mapped) AS is_mapped,
    CASE WHEN min(since) IS NOT NULL THEN greatest(
        min(since),
        max(CASE
            WHEN must AND since IS NULL THEN CAST(date_trunc('month', closes) + INTERVAL 1 MONTH AS DATE)
            WHEN must AND date_trunc('month', opens) < date_trunc('month', since) THEN since
        END)
    ) END AS recorded_from,
    CASE WHEN min(since) IS NOT NULL THEN string_agg(name, ', ' ORDER BY name) FILTER (must AND since IS NULL) END
        AS lacking
FROM found GROUP BY item"""


def _numbered(sources: Sequence[FeedSource]) -> list[tuple[int, FeedSource | None]]:
    """The sources by number; -1 is what landed with a mapping that is no more, and 0 all of a feed without sources."""
    return [*enumerate(sources), (-1, None)] if len(sources) > 1 else [(0, sources[0] if sources else None)]


def _asked(item: Item, number: int, source: FeedSource | None) -> str:
    mapped, stated = (
        (source is not None and item.mapped_by(source)),
        source is not None and item.stated_by(source),
    )
    values = [
        literal(item.name),
        number,
        literal(f"feeds.{item.feed}[{number}]"),
        mapped,
        stated,
        item.happens,
    ]
    return ", ".join(map(str, values))


def _known(contract: Contract, by_source: bool) -> str:
    """The rows that were known on the as-of day and are not about a later one, with their source and day."""
    day = _day(contract)
    source, loads, past, moment = "0", "", "", "DATE '0001-01-01'"
    if by_source:
        source, loads = (
            "coalesce(loads.source, -1)",
            f"LEFT JOIN ({_loads(contract.feed)}) AS loads ON load_id = _load_id",
        )
    if day:
        end = "ends_at" if contract.columns[day].type == "timestamp" else "as_of + 1"
        # Of a row that counts cases by another day, that day.
        same = (
            c for c in contract.columns[day].unless if contract.columns[c].type == contract.columns[day].type
        )
        moment = f"coalesce({', '.join(map(identifier, (day, *same)))})"
        past = f"WHERE {moment} < (SELECT {end} FROM staging.as_of)"
    return f"""
    SELECT feed.*, {source} AS _source, {moment} AS _day
    FROM known.{contract.feed} AS feed {loads} {past}"""


def _loads(feed: str) -> str:
    """Which source brought each load, by its place in the feed."""
    return (
        "SELECT load_id, place AS source FROM raw.loads JOIN raw.sources USING (feed, source)"
        f" WHERE feed = {literal(feed)}"
    )


def _day(contract: Contract) -> str | None:
    """The column that says on which day or at which instant a row's case or event is; None if there is none."""
    dated = (name for name, c in contract.columns.items() if c.required and c.type in ("date", "timestamp"))
    return next(dated, None)


def _on(moment: str, contract: Contract, time_zone: str) -> str:
    """The day of a moment of the feed's kind, as the business counts days."""
    day = _day(contract)
    if day and contract.columns[day].type == "timestamp":
        return f"CAST({moment} AT TIME ZONE {literal(time_zone)} AS DATE)"
    return moment


def _firsts(contract: Contract, items: Sequence[Item]) -> Iterator[str]:
    """SELECTs of _source, item and first: columns in one pass, codes in one a column."""
    day = _day(contract)
    kind = contract.columns[day].type if day else ""
    filled = [item for item in items if item.code is None or item.is_still_to_come]
    if filled:
        fields = []
        for item in filled:
            column, own = identifier(item.column), contract.columns[item.column].type == kind
            if item.is_still_to_come:
                first = f"CASE WHEN count(*) > count({column}) THEN min(_day) END"
            else:
                day_of_both = f"greatest(_day, {column})" if own else "_day"
                first = f"min({day_of_both}) FILTER ({column} IS NOT NULL)"
            fields.append(f"{{'item': {literal(item.name)}, 'first': {first}}}")
        yield f"SELECT _source, unnest([{', '.join(fields)}], recursive := true) FROM known GROUP BY _source"
    coded = [item for item in items if item not in filled]
    for column in dict.fromkeys(item.column for item in coded):
        codes = [item.code for item in coded if item.column == column and item.code is not None]
        name = literal(f"{contract.feed}.{column}=")
        code = f"coalesce({identifier(column)}, '')"
        yield (
            f"SELECT _source, {name} || {code} AS item, min(_day) AS first FROM known"
            f" WHERE {code} IN ({literals(codes)}) GROUP BY ALL"
        )
