"""The SELECT that turns a scanned source into rows of a feed: every value typed, every broken row with its reason.

Nothing is read or written here; land_arrival.py runs what this builds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from warehouse.landing.discretion import PERSONAL, PUBLIC, shape_sql
from warehouse.landing.errors import LandingError
from warehouse.landing.masking import masked_text_sql
from warehouse.landing.source_columns import SourceColumns, lacking_columns, sources
from warehouse.landing.values import (
    Clock,
    Recoding,
    code,
    emptied,
    precision,
    recoded,
    skipped,
    typed,
)
from warehouse.quoting import identifier, literal, literals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Set

    from warehouse.contract import Contract, ContractColumn
    from warehouse.landing.mapping import ColumnSource, FeedSource
    from warehouse.landing.readers import Scan

EARLIEST, LATEST = "1900-01-01", "2199-12-31"
SKIPPED = 0
_FAILS = "'the expression fails on this row'"
_NO_COUNT = 10_000_000_000
"""Where a feed is about people, a phone or identity number and not a count or a duration."""
_LONGEST_SHOWN, _LONGEST_KEPT = 100, 500
_NOUNS = {
    "date": "a date",
    "period": "a month, quarter, half-year or year",
    "timestamp": "a timestamp",
    "integer": "a whole number",
    "number": "a number",
    "money": "an amount",
    "boolean": "true or false",
}
_ISO = {
    "date": " (YYYY-MM-DD)",
    "period": " (2025-03, 2025-Q1, 2025-H1 or 2025)",
    "timestamp": " (YYYY-MM-DD HH:MM:SS, with or without offset)",
}


@dataclass(frozen=True)
class Conformed:
    """A SELECT of typed rows, and what its columns mean.

    Besides the `staged` columns it gives `_fault`, `_reason` and `_raw`, of which insertion.py says how much is
    shown. `_fault` is NULL for a good row, 0 for
    one that the mapping skips, else the place in `fault_columns` (from 1) of the column at fault.
    """

    select: str
    staged: tuple[str, ...]
    fault_columns: tuple[str | None, ...]
    numbered: bool
    """Whether the select gives `_row`, the number of the source row; else its rows are those of the source."""


@dataclass(frozen=True)
class _Read:
    """One target column in the making, as SQL over the source columns."""

    name: str
    value: str
    fault: str | None = None
    reason: str = ""
    skip: str | None = None
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Verdict:
    """A test that takes a row out: at fault with a reason, or, without one, skipped."""

    test: str
    column: str | None = None
    reason: str | None = None
    cells: tuple[str, ...] = ()
    """Origins of the wide cells that it judges, each of them at fault for itself; only the last verdict has them."""

    def fault_columns(self) -> tuple[str | None, ...]:
        return self.cells or (self.column,)


def conformed(
    scan: Scan,
    source: FeedSource,
    contract: Contract,
    *,
    key_path: str,
    time_zone: str,
    column_type: Callable[[str], str],
    is_true: Callable[[str], bool],
) -> Conformed:
    """What to select from `scan` so that it becomes rows of `contract`.

    `time_zone` is the business time zone; `column_type` tells the DuckDB type of a SELECT of one column, `is_true`
    whether a SELECT of one value gives true. Raises LandingError for a column that the source lacks and for an
    expression that does not work on it.
    """
    if lacking := lacking_columns(scan, source, key_path):
        raise LandingError(lacking)
    names = SourceColumns(scan, key_path, column_type, is_true)
    verdicts = [*_unreadable(scan), *_where(names, source)]
    reads = list(_reads(names, source, contract, time_zone))
    cells = _cells(names, source, contract, time_zone)
    if source.wide:
        verdicts.append(_Verdict("_cell IS NULL"))
        reads += _cell_reads(cells, source, contract)
    verdicts += [_Verdict(read.skip) for read in reads if read.skip]
    verdicts += [_Verdict(test, column, _FAILS) for column, test in names.failures]
    verdicts += _broken_cells(names)
    verdicts += [_Verdict(read.fault, read.name, read.reason, read.cells) for read in reads if read.fault]
    return Conformed(
        select=_select(names, reads, cells, verdicts),
        staged=tuple(read.name for read in reads),
        fault_columns=tuple(column for verdict in verdicts for column in verdict.fault_columns()),
        numbered=bool(source.wide),
    )


def _unreadable(scan: Scan) -> list[_Verdict]:
    broken = [_Verdict("_broken", None, "'not valid JSON'")] if scan.broken else []
    return [*broken, _Verdict("_empty")] if scan.empty else broken


def _broken_cells(names: SourceColumns) -> list[_Verdict]:
    """Cells of a sheet that show an error: nobody knows what was meant, so they are no value and not empty either."""
    errors = literals(names.scan.errors)
    return [
        _Verdict(f"{alias} IN ({errors})", column, f"'an error of the sheet: ''' || {alias} || ''''")
        for alias, column in names.columns.items()
        if errors
    ]


def _where(names: SourceColumns, source: FeedSource) -> list[_Verdict]:
    if source.where is None:
        return []
    value, kind = names.expression(source.where, "where", "where")
    if kind != "BOOLEAN":
        raise LandingError([f"{names.key_path}.where is not a condition: it gives {kind}, not true or false"])
    _, failed = names.failures.pop()
    return [_Verdict(failed, None, _FAILS), _Verdict(f"{value} IS NOT TRUE")]


def _reads(names: SourceColumns, source: FeedSource, contract: Contract, time_zone: str) -> Iterator[_Read]:
    for name, column in contract.columns.items():
        mapped = source.columns.get(name)
        if mapped is None or (mapped.column is None and mapped.sql is None):
            continue
        found = names.origin(mapped, f"columns.{name}", name)
        if found is None:
            continue
        if column.personal:
            names.hide(mapped, column.personal)
        clock = _clock(mapped, names.scan, source, time_zone)
        told_by = contract.precisions().get(name)
        if told_by and told_by not in source.columns:
            clock, precise = _precision(names, mapped, *found, clock)
            yield _Read(told_by, precise)
        yield _read(name, contract, source, *found, clock)


def _precision(
    names: SourceColumns, mapped: ColumnSource, value: str, source_type: str, clock: Clock
) -> tuple[Clock, str]:
    """The clock by which to read a timestamp, and how exactly it is known; a day is the same day everywhere."""
    recoding = _recoding(mapped)
    if recoding.is_used():
        value, source_type = recoded(typed(value, source_type, "text", clock), recoding), "VARCHAR"
    days_only = names.holds_only_days(value, source_type, clock)
    read_by = replace(clock, zone=clock.business_zone) if days_only else clock
    return read_by, precision(value, source_type, clock, days_only=days_only)


def _clock(mapped: ColumnSource, scan: Scan, source: FeedSource, time_zone: str) -> Clock:
    formats = (*mapped.format, *scan.more_formats) if mapped.format else ()
    zone = mapped.time_zone or source.time_zone or time_zone
    return Clock(formats, zone, time_zone, mapped.time_zone is not None, mapped.two_digit_years_from)


def _recoding(mapped: ColumnSource) -> Recoding:
    return Recoding.of(mapped.codes or {}, keep=mapped.other == "keep")


def _read(
    name: str,
    contract: Contract,
    source: FeedSource,
    value: str,
    source_type: str,
    clock: Clock,
) -> _Read:
    column, mapped = contract.columns[name], source.columns[name]
    recoding = _recoding(mapped)
    reads_as = "text" if recoding.is_used() else column.reads_as
    plain = typed(value, source_type, reads_as if column.type == "text" else "text", clock)
    if column.type == "code":
        result = code(value if source_type == "VARCHAR" else plain, plain, recoding, column.known_codes)
    elif recoding.is_used():
        result = typed(recoded(plain, recoding, column.known_codes), "VARCHAR", column.reads_as, clock)
    else:
        result = typed(value, source_type, column.reads_as, clock)
    return _judged(
        name,
        contract,
        _guarded(result, column, source),
        emptied(plain, recoding),
        _shown(f"CAST({value} AS VARCHAR)", column),
        _expected(column, mapped),
        skipped(plain, recoding),
        strict=recoding.is_used(),
        provided={own for own, origin in source.columns.items() if not origin.optional},
    )


def _guarded(value: str, column: ContractColumn, source: FeedSource) -> str:
    """The value as it may be kept: of a personal date the year, of a personal text what the project keeps of texts."""
    if column.personal == "date":
        return f"CAST(date_trunc('year', {value}) AS DATE)"
    if column.personal != "text" or source.comments == "keep":
        return value
    if source.comments == "drop":
        return f"CASE WHEN {value} IS NOT NULL THEN '' END"
    return masked_text_sql(value)


def _shown(value: str, column: ContractColumn) -> str:
    """A value in a reason, between marks that tell `reason_sql` how much of it may be shown; a day has its shape."""
    shown = f"left({value}, {_LONGEST_SHOWN})"
    if column.personal == "date":
        return shape_sql(shown)
    mark = PERSONAL if column.personal else PUBLIC
    return f"{mark} || {value if column.personal else shown} || {mark}"


def _judged(
    name: str,
    contract: Contract,
    value: str,
    blank: str,
    shown: str,
    expected: str,
    skip: str | None,
    *,
    strict: bool,
    provided: Set[str] = frozenset(),
) -> _Read:
    """The column with the test that finds a row at fault and the reason given for it; `_v` is the typed value.

    `strict` says that a text can be at fault, because only some texts are known; `provided` which columns the source
    has.
    """
    column = contract.columns[name]
    typed_value = _typed_name(name)
    limits = {
        "date": f"{typed_value} NOT BETWEEN DATE '{EARLIEST}' AND DATE '{LATEST}'",
        "timestamp": f"{typed_value} < TIMESTAMPTZ '{EARLIEST} 00:00:00+00'"
        f" OR {typed_value} >= TIMESTAMPTZ '{LATEST} 00:00:00+00' + INTERVAL 1 DAY",
        "number": f"NOT isfinite({typed_value})",
    }
    if any(other.personal for other in contract.columns.values()):
        limits["integer"] = f"abs({typed_value}) >= {_NO_COUNT}"
    beyond = limits.get(column.type, "false")
    within = ""
    if column.first_of_month:
        within = f" WHEN day({typed_value}) <> 1 THEN {_other_day(typed_value)} || {_quoted(shown)}"
        beyond += f" OR day({typed_value}) <> 1"
    if column.least is not None:
        below = f"{typed_value} < {column.least}"
        within = f" WHEN {below} THEN {literal(f'less than {column.least}: ')} || {_quoted(shown)}"
        beyond += f" OR {below}"
    needed = (column.required or name in contract.key) and column.default is None
    quoted = _quoted(shown)
    if needed and column.unless and provided >= set(column.unless):
        made_up = " AND ".join(f"{_typed_name(other)} IS NOT NULL" for other in column.unless)
        fault: str | None = (
            f"CASE WHEN {typed_value} IS NULL THEN NOT ({blank} AND {made_up}) ELSE {beyond} END"
        )
    elif needed:
        fault = f"{typed_value} IS NULL OR {beyond}"
    elif column.type == "text" and not strict:
        fault = None
    else:
        fault = f"CASE WHEN {typed_value} IS NULL THEN NOT ({blank}) ELSE {beyond} END"
    range_text = (
        "number out of range"
        if column.type in ("number", "integer")
        else f"date out of range {EARLIEST} to {LATEST}"
    )
    reason = (
        f"CASE{within} WHEN {typed_value} IS NOT NULL THEN {literal(range_text + ': ')} || {quoted}"
        f" WHEN {blank} THEN '{'blank key' if name in contract.key else 'blank'}'"
        f" ELSE {expected} || {quoted} END"
    )
    return _Read(name, value, fault, reason, skip)


def _quoted(shown: str) -> str:
    return f"'''' || {shown} || ''''"


def _other_day(day: str) -> str:
    """What is wrong with a day that stands for its month and is not the first of it, and the way out."""
    first = f"CAST(date_trunc('month', {day}) AS DATE)"
    way = ", or map it by sql: date_trunc(''month'', …): "
    return f"'stands for a month, so write its first day, ' || {first} || '{way}'"


def _expected(column: ContractColumn, mapped: ColumnSource) -> str:
    if column.type == "code" or (mapped.codes and mapped.other == "reject"):
        return "'unknown code '"
    noun = _NOUNS.get(column.type, "a text")
    how = f" in format {' or '.join(mapped.format)}" if mapped.format else _ISO.get(column.type, "")
    return literal(f"not {noun}{how}: ")


@dataclass(frozen=True)
class _Cell:
    """A wide column: its name in the source, and a struct of its code, its text (NULL if empty) and typed value."""

    origin: str
    struct: str


def _cells(names: SourceColumns, source: FeedSource, contract: Contract, time_zone: str) -> list[_Cell]:
    cells: list[_Cell] = []
    if source.wide is None:
        return cells
    column = contract.columns[source.wide.value]
    told_by = _told_by(source, contract)
    for wide_code, mapped in source.wide.cells.items():
        found = names.origin(mapped, f"wide.from.{wide_code}", source.wide.value)
        if found is None:
            continue
        value, source_type = found
        recoding, clock = _recoding(mapped), _clock(mapped, names.scan, source, time_zone)
        precise = ""
        if told_by:
            clock, how = _precision(names, mapped, value, source_type, clock)
            precise = f", precision := {how}"
        plain = typed(value, source_type, "text", clock)
        result = typed(value, source_type, column.reads_as, clock)
        if recoding.is_used():
            translated = recoded(plain, recoding, column.known_codes)
            result = typed(translated, "VARCHAR", column.reads_as, clock)
        left_out = [emptied(plain, recoding), skipped(plain, recoding)]
        test = " OR ".join(filter(None, left_out))
        struct = (
            f"struct_pack(code := {literal(wide_code)}, place := {len(cells)},"
            f" text := CASE WHEN {test} THEN NULL ELSE {plain} END, "
            f"value := {_guarded(result, column, source)}{precise})"
        )
        cells.append(_Cell(names.columns.get(value, wide_code), struct))
        if column.personal:
            names.hide(mapped, column.personal)
    return cells


def _told_by(source: FeedSource, contract: Contract) -> str | None:
    """The column that tells how exactly the cells are known, where the landing has to fill it."""
    found = contract.precisions().get(source.wide.value) if source.wide else None
    return None if found in source.columns else found


def _cell_reads(cells: list[_Cell], source: FeedSource, contract: Contract) -> Iterator[_Read]:
    if source.wide is None:
        return
    name = source.wide.value
    column = contract.columns[name]
    expected = "CASE _cell.code"
    for wide_code, mapped in source.wide.cells.items():
        expected += f" WHEN {literal(wide_code)} THEN {_expected(column, mapped)}"
    yield _Read(source.wide.into, "_cell.code")
    if told_by := _told_by(source, contract):
        yield _Read(told_by, "_cell.precision")
    strict = any(mapped.codes for mapped in source.wide.cells.values())
    shown = _shown("_cell.text", column)
    read = _judged(
        name, contract, "_cell.value", "_cell.text IS NULL", shown, f"{expected} END", None, strict=strict
    )
    yield replace(read, cells=tuple(cell.origin for cell in cells))


def _select(names: SourceColumns, reads: list[_Read], cells: list[_Cell], verdicts: list[_Verdict]) -> str:
    """The levels of the SELECT, innermost first: names, cells, values, verdict, result."""
    rows = f"SELECT {', '.join(sources(names))} FROM {names.scan.relation}"
    if reads and cells:
        # The row is numbered before it becomes several.
        rows = f"SELECT *, row_number() OVER () AS _row FROM ({rows})"
        filled = f"list_filter([{', '.join(cell.struct for cell in cells)}], lambda c: c.text IS NOT NULL)"
        rows = f"SELECT *, {filled} AS _cells FROM ({rows})"
        rows = (
            f"SELECT *, unnest(CASE WHEN len(_cells) = 0 THEN [NULL] ELSE _cells END) AS _cell FROM ({rows})"
        )
    values = "".join(f", {read.value} AS {_typed_name(read.name)}" for read in reads)
    rows = f"SELECT *{values} FROM ({rows})"
    fault = " ".join(
        f"WHEN {verdict.test} THEN {_place(verdict, place)}" for place, verdict in enumerate(verdicts, 1)
    )
    rows = f"SELECT *, CAST({f'CASE {fault} END' if fault else 'NULL'} AS SMALLINT) AS _fault FROM ({rows})"
    reason = " ".join(
        f"WHEN _fault {'>=' if verdict.cells else '='} {place} THEN {verdict.reason}"
        for place, verdict in enumerate(verdicts, 1)
        if verdict.reason
    )
    columns = [f"{_typed_name(read.name)} AS {identifier(read.name)}" for read in reads]
    rows = f"SELECT *, CAST({f'CASE {reason} END' if reason else 'NULL'} AS VARCHAR) AS _told FROM ({rows})"
    columns += ["_fault", "_told AS _reason"]
    columns += [f"CASE WHEN _fault > {SKIPPED} THEN {_kept(names)} END AS _raw", *(["_row"] if cells else [])]
    return f"SELECT {', '.join(columns)} FROM ({rows})"


def _place(verdict: _Verdict, place: int) -> str:
    """Which of the fault columns a verdict accuses, as SQL."""
    if not verdict.reason:
        return str(SKIPPED)
    return f"{place} + _cell.place" if verdict.cells else str(place)


def _typed_name(name: str) -> str:
    return identifier(f"_v_{name}")


def _kept(names: SourceColumns) -> str:
    """What is stored of a rejected row: the mapped columns and their values, personal ones hidden."""
    values = []
    for alias in names.columns:
        value = f"left(CAST({alias} AS VARCHAR), {_LONGEST_KEPT})"
        how = names.hidden.get(alias)
        if how:
            value = (
                masked_text_sql(value) if how == "text" else f"CASE WHEN {alias} IS NOT NULL THEN '***' END"
            )
        values.append(value)
    row = f"MAP([{literals(names.columns.values())}]::VARCHAR[], [{', '.join(values)}]::VARCHAR[])"
    if not names.scan.broken:
        return row
    return f"CASE WHEN _broken THEN MAP(['']::VARCHAR[], [left(_text, {_LONGEST_KEPT})]::VARCHAR[]) ELSE {row} END"
