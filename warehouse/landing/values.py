"""SQL expressions that read one source value as one of the types of the contracts, NULL where it cannot be read.

Whether NULL is allowed, and what to say where it is not, is decided in conform.py.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from warehouse.landing.mapping import SKIP
from warehouse.quoting import literal, literals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EMPTY, KEEP = "", "\0keep"

_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_NOTHINGS = "\u200b\u2060\ufeff"
_ENDS = " \t\r\n\v\f\u200c\u200d\u200e\u200f"
_WIDE = "".join(map(chr, range(0xFF01, 0xFF5F)))
_FROM = _WIDE + _SPACES + _NOTHINGS
_TO = "".join(map(chr, range(0x21, 0x7F))) + " " * len(_SPACES)
# What is written in these signs alone is folded already.
_ODD = "[^ -~\u4e00-\u9fff]"
_FOLDING = str.maketrans(_FROM[: len(_TO)], _TO, _NOTHINGS)

_CLOCK = r"\d{1,2}:\d{2}(:\d{2}([.]\d+)?)?"
_NAIVE = rf"^\s*\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}([ T]{_CLOCK})?\s*$"
_OFFSET = rf"[ T]{_CLOCK}\s*(Z|UTC|[+-]\d{{2}}(:?\d{{2}})?)\s*$"
_LAST_SETTLED_YEAR = 2020
_YEAR = "^(19|20|21)[0-9]{2}$"
_PART_OF_YEAR = "^((?:19|20|21)[0-9]{2})[- ]?(Q[1-4]|H[12])$"
_PART_AFTER_YEAR = r"\1-\2"
_MONTH_OF_YEAR = "^((?:19|20|21)[0-9]{2})(?:[-/ ]|-?M)?(0?[1-9]|1[0-2])$"
# What a strptime format says of the time of day.
_TIMED = re.compile(r"%-?[HIcX]")
_DAY_ALONE = r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]0?0:00(:00([.]0+)?)?)?$"


@dataclass(frozen=True)
class Clock:
    """How a column's dates and timestamps are written."""

    formats: tuple[str, ...]
    """strptime formats, tried in turn; empty for ISO 8601."""
    zone: str
    """Zone of timestamps without an offset."""
    business_zone: str
    """Zone in which an instant has a date."""
    zone_is_the_columns: bool = False
    """Whether the column itself names the zone, so that even midnight is an instant in it and not just a day."""
    years_from: int = 1930
    """First of the hundred years in which a year of two digits lies; spreadsheets take 1930."""


@dataclass(frozen=True)
class Recoding:
    """The `codes` of a column taken apart; a text that they do not name is `rest`."""

    named: Mapping[str, str]
    emptied: tuple[str, ...]
    skipped: tuple[str, ...]
    rest: str | None
    """What all other texts become: a code, EMPTY, SKIP, KEEP as they are, or None where they are unknown."""

    @classmethod
    def of(cls, codes: Mapping[str, str | None], *, keep: bool) -> Recoding:
        """The recoding that a mapping writes; each of its texts is also looked up as `name` folds it."""
        listed: dict[str, str] = {}
        for theirs, ours in codes.items():
            if theirs != "*":
                listed |= {folded(theirs): ours or EMPTY}
        listed |= {theirs: ours or EMPTY for theirs, ours in codes.items() if theirs != "*"}
        named = {theirs: ours for theirs, ours in listed.items() if ours not in (EMPTY, SKIP)}
        rest = (codes["*"] or EMPTY) if "*" in codes else KEEP if keep or not codes else None
        emptied = tuple(theirs for theirs, ours in listed.items() if ours == EMPTY)
        return cls(named, emptied, tuple(theirs for theirs, ours in listed.items() if ours == SKIP), rest)

    def is_used(self) -> bool:
        """Whether the mapping recodes at all."""
        return self.rest != KEEP or bool(self.named or self.emptied or self.skipped)

    def others(self, plain: str, *listed: Iterable[str]) -> str:
        """SQL that is true for a text that is in none of the lists; an empty one always is in one."""
        return f"{plain} NOT IN ({literals([*chain(*listed), ''])})"


def folded(written: str) -> str:
    """A name as `name` makes it of a text."""
    plain = unicodedata.normalize("NFC", written).translate(_FOLDING)
    return plain.strip(_ENDS)


def name(value: str, source_type: str) -> str:
    """The value as a key or the name of a segment: what looks the same is the same, NULL if nothing is left.

    Composed (NFC), in letters and digits of usual width, without white space at its ends and without signs
    that take no room.
    """
    if source_type != "VARCHAR":
        return text(value, source_type)
    spelled = f"translate(nfc_normalize({value}), {literal(_FROM)}, {literal(_TO)})"
    odd = f"strlen({value}) <> length({value}) AND regexp_matches({value}, {literal(_ODD)})"
    return f"CASE WHEN {odd} THEN nullif(trim({spelled}, {literal(_ENDS)}), '') ELSE {text(value, source_type)} END"


def text(value: str, source_type: str) -> str:
    """The value as text without surrounding white space, NULL if nothing is left."""
    if source_type == "VARCHAR":
        trimmed = rf"nullif(trim({value}, E' \t\r\n'), '')"
        padded = f"{value} < '!' OR right({value}, 1) < '!'"
        return f"CASE WHEN {padded} THEN {trimmed} ELSE {value} END"
    if source_type in ("DOUBLE", "FLOAT"):
        # A number 1001 out of a spreadsheet is the policy 1001, not 1001.0.
        whole = f"{value} = trunc({value}) AND abs({value}) < 1e18"
        return f"CASE WHEN {whole} THEN CAST(CAST({value} AS BIGINT) AS VARCHAR) ELSE CAST({value} AS VARCHAR) END"
    if source_type == "TIMESTAMP WITH TIME ZONE":
        return f"CAST(make_timestamp(epoch_us({value})) AS VARCHAR)"
    return f"CAST({value} AS VARCHAR)"


def typed(value: str, source_type: str, column_type: str, clock: Clock) -> str:
    """The value as the DuckDB type of a contract column type."""
    if column_type in ("text", "code"):
        return name(value, source_type)
    if column_type == "written":
        return text(value, source_type)
    if column_type == "integer":
        return _integer(value, source_type)
    if column_type == "period":
        return _period(name(value, source_type))
    if column_type in ("number", "money"):
        decimal = f"TRY_CAST({value} AS {'DOUBLE' if column_type == 'number' else 'DECIMAL(18,2)'})"
        return (
            f"CASE WHEN NOT contains({value}, '_') THEN {decimal} END"
            if source_type == "VARCHAR"
            else decimal
        )
    if column_type == "boolean":
        return value if source_type == "BOOLEAN" else f"TRY_CAST({text(value, source_type)} AS BOOLEAN)"
    return _date(value, source_type, clock) if column_type == "date" else _instant(value, source_type, clock)


def code(value: str, plain: str, recoding: Recoding, known: tuple[str, ...]) -> str:
    """A code of the contract, translated; NULL for any other text, and for one that means nothing.

    `value` is looked up as it is first, because trimming every row costs more than looking it up.
    """
    unwanted = (*recoding.emptied, *recoding.skipped)
    table = {ours: ours for ours in known} if recoding.rest in (None, KEEP) else {}
    table = {
        theirs: ours for theirs, ours in (table | dict(recoding.named)).items() if theirs not in unwanted
    }
    last = "NULL"
    if recoding.rest not in (None, KEEP, EMPTY, SKIP):
        last = f"CASE WHEN {recoding.others(plain, unwanted)} THEN {literal(recoding.rest)} END"
    branches = _branches(table)
    return f"CASE {value}{branches} ELSE CASE {plain}{branches} ELSE {last} END END" if branches else last


def recoded(plain: str, recoding: Recoding, known: tuple[str, ...] = ()) -> str:
    """A text translated, itself where it is `known` or kept; NULL where it is unknown or means nothing."""
    table = {ours: ours for ours in known} if recoding.rest is None else {}
    branches = _branches(table | dict(recoding.named))
    branches += "".join(
        f" WHEN {literal(theirs)} THEN NULL" for theirs in (*recoding.emptied, *recoding.skipped)
    )
    last = plain if recoding.rest == KEEP else "NULL"
    if recoding.rest not in (None, KEEP, EMPTY, SKIP):
        last = f"CASE WHEN {plain} IS NOT NULL THEN {literal(recoding.rest)} END"
    return f"CASE {plain}{branches} ELSE {last} END" if branches else last


def emptied(plain: str, recoding: Recoding) -> str:
    """SQL that is true for a text which means an empty value."""
    if recoding.rest == EMPTY:
        return f"({plain} IS NULL OR {recoding.others(plain, recoding.named, recoding.skipped)})"
    listed = f" OR {plain} IN ({literals(recoding.emptied)})" if recoding.emptied else ""
    return f"({plain} IS NULL{listed})"


def skipped(plain: str, recoding: Recoding) -> str | None:
    """SQL that is true for a text whose row the mapping leaves out; None if there is none."""
    if recoding.rest == SKIP:
        return recoding.others(plain, recoding.named, recoding.emptied)
    return f"{plain} IN ({literals(recoding.skipped)})" if recoding.skipped else None


def _branches(table: Mapping[str, str]) -> str:
    return "".join(f" WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in table.items())


def days_alone(value: str, source_type: str, clock: Clock) -> str | bool:
    """Whether a column of timestamps holds only days: known, or SQL that is true for a value at midnight or blank."""
    if source_type == "DATE" or (clock.formats and not any(map(_TIMED.search, clock.formats))):
        return True
    if source_type == "VARCHAR" and not clock.formats:
        return f"coalesce(regexp_matches({text(value, source_type)}, {literal(_DAY_ALONE)}), true)"
    naive = _naive(value, source_type, clock)
    return False if naive is None else f"coalesce(CAST({naive} AS TIME) = TIME '00:00:00', true)"


def precision(value: str, source_type: str, clock: Clock, *, days_only: bool) -> str:
    """'day' where only the day of a timestamp is known, 'clock_change' where an hour is unknown, else NULL."""
    written = text(value, source_type)
    if days_only:
        return f"CASE WHEN {written} IS NOT NULL THEN 'day' END"
    naive = _naive(value, source_type, clock)
    branches = ""
    if source_type == "VARCHAR" and not clock.formats:
        branches = f" WHEN length({written}) <= 10 THEN 'day'"
        naive = f"CASE WHEN regexp_matches({written}, {literal(_NAIVE)}) THEN TRY_CAST({written} AS TIMESTAMP) END"
    elif timed := [pattern for pattern in clock.formats if _TIMED.search(pattern)]:
        branches = (
            f" WHEN {_parsed(written, timed, clock)} IS NULL THEN 'day'"
            if len(timed) < len(clock.formats)
            else ""
        )
    days = clock_change_days(clock.zone) if naive else ()
    if days:
        on_such_a_day = f"CAST({naive} AS DATE) IN ({literals(days)})"
        branches += f" WHEN {on_such_a_day} AND {_is_unsure(str(naive), clock.zone)} THEN 'clock_change'"
    return f"CASE{branches} END" if branches else "CAST(NULL AS VARCHAR)"


def _naive(value: str, source_type: str, clock: Clock) -> str | None:
    """The value as a timestamp of its own clock; None where it has an offset or is none."""
    if source_type == "VARCHAR":
        known = clock.formats and not any(map(_has_offset, clock.formats))
        return _parsed(text(value, source_type), clock.formats, clock) if known else None
    is_naive = (
        source_type.startswith("TIMESTAMP") and "TIME ZONE" not in source_type and "TZ" not in source_type
    )
    return f"CAST({value} AS TIMESTAMP)" if is_naive else None


def _is_unsure(naive: str, zone: str) -> str:
    """Whether the clocks of a zone never showed this time, or showed it twice."""
    instant = f"epoch_us(timezone({literal(zone)}, {naive}))"
    shown = [
        f"timezone({literal(zone)}, make_timestamptz({instant} + {hours * 3_600_000_000}))"
        for hours in (-1, 1)
    ]
    back = f"timezone({literal(zone)}, timezone({literal(zone)}, {naive}))"
    return f"({back} <> {naive} OR {naive} IN ({', '.join(shown)}))"


@cache
def clock_change_days(zone: str) -> tuple[str, ...]:
    """The days since 1970 on which the clocks of a zone change, with the days before; none where they are settled."""
    if settled_offset(zone) is not None:
        return ()
    clock = ZoneInfo(zone)
    noons = [datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(131 * 365)]
    offsets = [noon.astimezone(clock).utcoffset() for noon in noons]
    changed = [
        noon for noon, before, now in zip(noons[1:], offsets, offsets[1:], strict=False) if before != now
    ]
    return tuple(str((noon - timedelta(days=back)).date()) for noon in changed for back in (1, 0))


def _period(written: str) -> str:
    """A month, quarter, half-year or year as 2025-03, 2025-Q1, 2025-H1 or 2025."""
    upper, month, part = f"upper({written})", literal(_MONTH_OF_YEAR), literal(_PART_OF_YEAR)
    return (
        f"CASE WHEN regexp_matches({upper}, {literal(_YEAR)}) THEN {upper}"
        f" WHEN regexp_matches({upper}, {part}) THEN regexp_replace({upper}, {part}, {literal(_PART_AFTER_YEAR)})"
        f" WHEN regexp_matches({upper}, {month}) THEN regexp_extract({upper}, {month}, 1) || '-'"
        f" || lpad(regexp_extract({upper}, {month}, 2), 2, '0') END"
    )


def _integer(value: str, source_type: str) -> str:
    # A cast alone rounds: 3.7 would become 4.
    number = f"TRY_CAST({value} AS DOUBLE)"
    whole = f"CASE WHEN {number} = trunc({number}) THEN TRY_CAST({value} AS BIGINT) END"
    if source_type == "VARCHAR":
        fractional = f"contains({value}, '.') OR contains({value}, '-') AND contains(lower({value}), 'e')"
        # A cast reads 0x1F, 0b11 and 1_000, which no source means as numbers.
        notation = (
            f"{value} >= '0A' AND {value} < '1' OR contains({value}, '_')"
            rf" OR {value} < '!' AND regexp_matches({value}, '^\s*0[xXbB]')"
        )
        return f"CASE WHEN {notation} THEN NULL WHEN {fractional} THEN {whole} ELSE TRY_CAST({value} AS BIGINT) END"
    if source_type in ("DOUBLE", "FLOAT") or source_type.startswith("DECIMAL"):
        return whole
    return f"TRY_CAST({value} AS BIGINT)"


def _date(value: str, source_type: str, clock: Clock) -> str:
    if source_type == "DATE":
        return value
    if source_type == "TIMESTAMP WITH TIME ZONE":
        return _day_of(value, clock.business_zone)
    if source_type.startswith("TIMESTAMP"):
        return _business_day(f"CAST({value} AS TIMESTAMP)", clock)
    written = text(value, source_type)
    if clock.formats:
        return _first(_day_in_format(written, pattern, clock) for pattern in clock.formats)
    # A bare cast takes '2024-01-05 rubbish' for a date.
    naive = f"TRY_CAST({written} AS TIMESTAMP)"
    day = f"CAST({naive} AS DATE)"
    if clock.zone != clock.business_zone:
        day = f"CASE WHEN contains({written}, ':') THEN {_business_day(naive, clock)} ELSE {day} END"
    return f"""CASE
        WHEN length({written}) = 10 AND substr({written}, 8, 1) IN ('-', '/') THEN TRY_CAST({written} AS DATE)
        WHEN regexp_matches({written}, {literal(_NAIVE)}) THEN {day}
        WHEN regexp_matches({written}, {literal(_OFFSET)})
            THEN {_day_of(_with_offset(written), clock.business_zone)} END"""


def _day_in_format(written: str, pattern: str, clock: Clock) -> str:
    parsed = _in_format(written, pattern, clock)
    if _has_offset(pattern):
        return _day_of(parsed, clock.business_zone)
    return _business_day(parsed, clock) if _TIMED.search(pattern) else f"CAST({parsed} AS DATE)"


def _business_day(timestamp: str, clock: Clock) -> str:
    """The business day of a naive timestamp; at midnight sharp it is a day that was stored with a time."""
    day = f"CAST({timestamp} AS DATE)"
    if clock.zone == clock.business_zone:
        return day
    shifted = _day_of(local_instant(timestamp, clock.zone), clock.business_zone)
    if clock.zone_is_the_columns:
        return shifted
    return f"CASE WHEN {timestamp} = date_trunc('day', {timestamp}) THEN {day} ELSE {shifted} END"


def _instant(value: str, source_type: str, clock: Clock) -> str:
    if source_type == "TIMESTAMP WITH TIME ZONE":
        return value
    if source_type == "DATE":
        # A day is the same day everywhere.
        return local_instant(f"CAST({value} AS TIMESTAMP)", clock.business_zone)
    if source_type.startswith("TIMESTAMP"):
        return local_instant(f"CAST({value} AS TIMESTAMP)", clock.zone)
    written = text(value, source_type)
    if clock.formats:
        return _first(_instant_in_format(written, pattern, clock) for pattern in clock.formats)
    # A bare cast to TIMESTAMP drops the offset without a word and takes '2024-01-05 10:00 rubbish'.
    usual = f"length({value}) = 19 AND substr({value}, 17, 1) = ':'"
    return f"""CASE
        {_usual_instant(value, source_type, usual, clock.zone)}
        {_day_elsewhere(written, clock)}
        WHEN regexp_matches({written}, {literal(_NAIVE)})
            THEN {local_instant(f"TRY_CAST({written} AS TIMESTAMP)", clock.zone)}
        WHEN regexp_matches({written}, {literal(_OFFSET)}) THEN {_with_offset(written)} END"""


def _day_elsewhere(written: str, clock: Clock) -> str:
    """The branch for a day without a time where the source is in another zone than the business."""
    if clock.zone == clock.business_zone:
        return ""
    day = local_instant(f"TRY_CAST({written} AS TIMESTAMP)", clock.business_zone)
    return f"WHEN length({written}) <= 10 AND regexp_matches({written}, {literal(_NAIVE)}) THEN {day}"


def _instant_in_format(written: str, pattern: str, clock: Clock) -> str:
    parsed = _in_format(written, pattern, clock)
    if _has_offset(pattern):
        return parsed
    return local_instant(parsed, clock.zone if _TIMED.search(pattern) else clock.business_zone)


def _first(readings: Iterable[str]) -> str:
    """The first reading that works; each format for itself, because not all of them may have an offset."""
    tried = list(readings)
    return f"coalesce({', '.join(tried)})" if len(tried) > 1 else tried[0]


def _usual_instant(value: str, source_type: str, usual: str, zone: str) -> str:
    """The branch for 2024-01-05 10:00:00 in a zone whose offset is settled, an eighth of the cost of the others."""
    settled = settled_offset(zone)
    if source_type != "VARCHAR" or settled is None:
        return ""
    micros, since = settled
    parsed = f"make_timestamptz(epoch_us(TRY_CAST({value} AS TIMESTAMP)) - {micros})"
    return f"WHEN {usual} AND {value} >= '{since.isoformat()}' THEN {parsed}"


def _parsed(written: str, formats: Iterable[str], clock: Clock) -> str:
    return _first(_in_format(written, pattern, clock) for pattern in formats)


def _in_format(written: str, pattern: str, clock: Clock) -> str:
    parsed = f"try_strptime({written}, {literal(pattern)})"
    if not re.search("%-?y", pattern):
        return parsed
    century = f"CAST(floor((year({parsed}) - {clock.years_from}) / 100) AS INTEGER)"
    return f"({parsed} - to_years(100 * {century}))"


def _has_offset(pattern: str) -> bool:
    return "%z" in pattern or "%Z" in pattern


def _with_offset(written: str) -> str:
    return rf"TRY_CAST(regexp_replace({written}, '\s+([+-])', '\1') AS TIMESTAMPTZ)"


def _day_of(instant: str, zone: str) -> str:
    return f"CAST(timezone({literal(zone)}, {instant}) AS DATE)"


def local_instant(timestamp: str, zone: str) -> str:
    """The instant at which the clocks of a zone showed a naive timestamp."""
    exact = f"timezone({literal(zone)}, {timestamp})"
    settled = settled_offset(zone)
    if settled is None:
        return exact
    micros, since = settled
    shifted = f"make_timestamptz(epoch_us({timestamp}) - {micros})"
    return f"CASE WHEN {timestamp} >= TIMESTAMP '{since.isoformat()}' THEN {shifted} ELSE {exact} END"


@cache
def settled_offset(zone: str) -> tuple[int, date] | None:
    """Offset from UTC in µs and the day since which a zone has kept it; None where clocks still change.

    China has not moved its clocks since 1991; telling DuckDB so makes reading timestamps several times cheaper.
    """
    try:
        clock = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    probes = [datetime(year, month, 1, tzinfo=UTC) for year in range(1900, 2101) for month in range(1, 13)]
    offsets = [probe.astimezone(clock).utcoffset() for probe in probes]
    changed = [probe for probe, offset in zip(probes, offsets, strict=True) if offset != offsets[-1]]
    since = (max(changed) + timedelta(days=62)).date() if changed else date(1, 1, 1)
    last = offsets[-1]
    if since.year > _LAST_SETTLED_YEAR or last is None:
        return None
    return last // timedelta(microseconds=1), since
