"""The `feeds` part of the project file: where each feed comes from and which source column becomes which column.

Read on every command, so it imports neither DuckDB nor Polars; what is wrong with a mapping is in
mapping_check.py, and reading the files themselves in land.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Iterator

FileFormat = Literal["csv", "parquet", "ndjson", "xlsx"]
Comments = Literal["drop", "masked", "keep"]
Delivery = Literal["replace_file", "append", "snapshot"]

SKIP = "skip"
"""The word in `codes` that leaves a row out."""

# Hidden files, those of office programs and of systems, and those that are still being written.
_PASSED_OVER = re.compile(
    r"^[.]|^~[$]|^#.*#$|~$|[.](tmp|temp|part|partial|filepart|crdownload|download|swp|lock|bak)$|^(thumbs[.]db|desktop[.]ini)$",
    re.IGNORECASE,
)

# Raised when the same mapping comes to mean something else, so that files are read anew.
_READING = 3

_ENDINGS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".xlsx": "xlsx",
    ".xls": "xlsx",
    ".xlsb": "xlsx",
    ".ods": "xlsx",
}

_STORAGE = "s3://"

# Keys of a source that do not decide how a row is read.
_NO_MEANING = (
    "name",
    "done_marker",
    "max_reject_share",
    "records",
    "delivery",
    "snapshot_of",
    "ordered_by",
    "max_shrink_share",
    "may_be_empty",
    "max_overwritten_share",
)

# YAML 1.1 reads these words as booleans unless they stand in quotes; a code written so means the word itself.
_YAML_BOOLEANS = {
    True: ("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"),
    False: ("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"),
}


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _text(value: object) -> object:
    """A YAML scalar as the text a source file would hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, (str, list, dict)) else str(value)


def _texts(codes: object) -> object:
    if not isinstance(codes, dict):
        return codes
    written: dict[object, object] = {}
    for key, value in codes.items():
        for word in _YAML_BOOLEANS[key] if isinstance(key, bool) else (_text(key),):
            if key is word or word not in codes:
                written[word] = _text(value)
    return written


def _name(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("YAML reads this name as true or false; put it in quotes")
    return _text(value)


def _long_form(value: object) -> object:
    return {"column": _name(value)} if isinstance(value, (str, int, float)) else value


def _long_forms(columns: object) -> object:
    if not isinstance(columns, dict):
        return columns
    return {_text(name): _long_form(value) for name, value in columns.items()}


# The second type is what a file may hold, for the schema that editors read.
Texts = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]
Scalar = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | float | bool)]
Name = Annotated[str, BeforeValidator(_name, json_schema_input_type=str | float)]
Codes = Annotated[
    dict[str, str | None],
    BeforeValidator(_texts, json_schema_input_type=dict[str, str | float | bool | None]),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ColumnSource(_Part):
    """What one column of a feed is made of; a bare name in the project file means `{column: NAME}`."""

    column: Name | None = Field(
        default=None,
        description="Source column; `*` in a name that the source does not have stands for any text, if one column "
        "fits.",
        examples=["CLOSED"],
    )
    sql: str | None = Field(
        default=None,
        description="Scalar SQL expression over the source columns.",
        examples=["coalesce(CLOSED, DECIDED)"],
    )
    constant: Scalar | None = Field(
        default=None, description="The same value on every row.", examples=["life"]
    )
    row_number: bool = Field(
        default=False,
        description="Number of the row in its file, from 1; in a key it follows the file's name, if there can be "
        "several files.",
    )
    codes: Codes | None = Field(
        default=None,
        description='Source code → our code; null (or "") leaves the value empty, `skip` leaves the row out, "*" '
        "stands for all other codes. A code that is not named is unknown, unless it is one of ours.",
        examples=[{"U": "upheld", "N": "not_upheld"}],
    )
    other: Literal["reject", "keep"] = Field(
        default="reject",
        description="Whether a row with an unknown code is rejected, or the code kept as it is.",
    )
    format: Texts = Field(
        default=(),
        description="strptime format of dates, or several to be tried in turn; ISO 8601 where there is none.",
        examples=["%d/%m/%Y"],
    )
    time_zone: str | None = Field(
        default=None,
        description="Zone of timestamps without offset, instead of the file's.",
        examples=["Europe/Berlin"],
    )
    two_digit_years_from: int = Field(
        default=1930,
        ge=1869,
        le=2068,
        description="First of the hundred years in which a year of two digits (%y) lies.",
    )
    optional: bool = Field(
        default=False,
        description="The source column may be absent from a file; the value is then empty.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnSource:
        origins = [self.column, self.sql, self.constant, self.row_number or None]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("give exactly one of column, sql, constant and row_number")
        if self.optional and self.column is None:
            raise ValueError("only a source column can be optional")
        if self.codes is not None and not self.codes:
            raise ValueError("codes is empty: name at least one code or leave it out")
        if self.other == "keep" and (self.codes is None or "*" in self.codes):
            raise ValueError(
                "other: keep is for codes that do not name `*`; without codes everything is kept"
            )
        return self


Columns = Annotated[
    dict[str, ColumnSource],
    BeforeValidator(_long_forms, json_schema_input_type=dict[str, ColumnSource | str | float]),
]


def _value_for_at(schema: dict[str, Any]) -> None:
    """What `at` is may be called `value` as well."""
    schema["properties"]["value"] = {**schema["properties"]["at"], "title": "Value"}
    schema["required"].remove("at")


class Wide(_Part):
    """Several columns of one source row that each become a row: timestamps of a claim, answers of a respondent."""

    model_config = ConfigDict(json_schema_extra=_value_for_at)

    into: str = Field(description="Column that receives the code.", examples=["event"])
    value: str = Field(
        alias="at",
        description="Column that receives the cell; `at` and `value` are the same key, and one of them is required.",
        examples=["event_at"],
    )
    cells: Columns = Field(
        alias="from",
        min_length=1,
        description="Code → source column of its cell; an empty cell gives no row.",
        examples=[{"reported": "REPORTED_AT", "paid": "PAID_AT"}],
    )

    @model_validator(mode="before")
    @classmethod
    def _at_or_value(cls, data: Any) -> Any:
        if isinstance(data, dict) and "at" in data and "value" in data:
            raise ValueError("give at or value, not both: they name the same thing")
        return data


class CsvOptions(_Part):
    """How a text file is written where it is not plain: comma or what the header shows, quotes doubled, UTF-8."""

    delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=4,
        description="Sign between values; without it, what the header shows.",
        examples=[";"],
    )
    quote: str = Field(default='"', max_length=1, description="Sign around a text that holds the delimiter.")
    escape: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="Sign before a quote that belongs to the text, instead of a second quote.",
        examples=["\\"],
    )
    encoding: str = Field(default="utf-8", description="How the text is encoded, as in gb18030 or cp1252.")
    skip: int = Field(
        default=0, ge=0, description="Lines above the header; for files of any kind, `skip` of the source."
    )
    nulls: Texts = Field(
        default=(), description="Texts that mean an empty value, besides nothing at all.", examples=["-"]
    )


class DatabaseSource(_Part):
    """A query on the insurer's own database."""

    connection: str = Field(
        description="URL of the database (docs/sources.md says of which kinds); user and password best come from the "
        "environment.",
        examples=["${CORE_DB}"],
    )
    query: str = Field(
        description="What is asked; it is a snapshot unless `delivery` says otherwise.",
        examples=["select * from policies"],
    )
    batch_rows: int = Field(
        default=50_000, ge=1, description="About how many rows are fetched, and held in memory, at a time."
    )
    retries: int = Field(
        default=3,
        ge=0,
        le=10,
        description="How often it is asked again, after 1, 2, 4, … seconds, where it does not answer or drops the "
        "connection.",
    )
    cursor: str | None = Field(
        default=None,
        description="Column of the answer that grows with every change, such as the time of the last one: only what is "
        "not below what it has reached is asked for (docs/sources.md says what that misses).",
        examples=["changed_at"],
    )
    cursor_overlap_hours: float = Field(
        default=24,
        ge=0,
        description="How far below what a cursor of days or times has reached it is asked for again, since what was "
        "changed earlier may be committed later.",
    )

    def place(self) -> str:
        """Where the query is sent, without user and password."""
        asked = urlsplit(self.connection)
        port = f":{asked.port}" if asked.port else ""
        return f"{asked.scheme}://{asked.hostname or ''}{port}{asked.path}"


class FeedSource(_Part):
    """One origin of a feed: files of one layout, or a database query."""

    name: str | None = Field(
        default=None,
        description="What the source is called in the books; else where it comes from. A name survives a change of "
        "folder.",
        examples=["claims core"],
    )
    files: Texts = Field(
        default=(),
        description="Files or patterns, relative to `data` or absolute; or objects of an S3-compatible storage, as in "
        "s3://bucket/complaints/*.csv.",
        examples=["feeds/complaints_*.csv"],
    )
    database: DatabaseSource | None = None
    format: FileFormat | None = Field(
        default=None, description="Kind of the files where their ending does not tell.", examples=["csv"]
    )
    csv: CsvOptions = CsvOptions()
    skip: int = Field(default=0, ge=0, description="Lines of a text, or rows of a sheet, above the header.")
    sheet: Name | None = Field(
        default=None,
        description="Sheet of a workbook; needed where several of them hold rows.",
        examples=["Register"],
    )
    time_zone: str | None = Field(
        default=None,
        description="Zone of timestamps without offset, instead of the project's.",
        examples=["Europe/Berlin"],
    )
    columns: Columns = Field(
        default_factory=dict,
        description="Our column → source column, by its name or by the keys of its section.",
        examples=[{"complaint_id": "COMPLAINT_NO"}],
    )
    where: str | None = Field(
        default=None,
        description="SQL condition over the source columns; other rows are left out.",
        examples=["STATUS <> 'TEST'"],
    )
    wide: Wide | None = None
    comments: Comments = Field(
        default="masked",
        description="What is kept of its texts, in place of the project's `comments`.",
        examples=["drop"],
    )
    done_marker: str | None = Field(
        default=None,
        pattern=r"^[.]\w+$",
        description="Ending of an empty file that says another is whole: with `.done` a.csv waits until there is "
        "a.done or a.csv.done. For files on this machine.",
        examples=[".done"],
    )
    max_reject_share: float = Field(
        default=0.05, ge=0, le=1, description="Share of rejected rows above which the run stops."
    )
    records: Texts = Field(
        default=(),
        description="Columns, and codes of columns, that the source records although none may have occurred yet.",
        examples=["withdrawn"],
    )
    delivery: Delivery | None = Field(
        default=None,
        description="What a delivery takes back: what its file brought before, nothing, or all that the source "
        "brought. Without it files replace_file, a query is a snapshot, and one with a cursor appends.",
        examples=["snapshot"],
    )
    snapshot_of: Literal["org_unit"] | None = Field(
        default=None,
        description="A snapshot is the whole state only of the units that it names.",
        examples=["org_unit"],
    )
    ordered_by: Literal["name", "modified"] = Field(
        default="name",
        description="Which of two files is later: the one whose name comes later, or the one that was changed later.",
    )
    max_shrink_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of the rows it replaces that a delivery may take back without being accepted.",
    )
    may_be_empty: bool = Field(
        default=False,
        description="A delivery without a row, as of a day without complaints, is nothing to be told of.",
    )
    max_overwritten_share: float = Field(
        default=1,
        ge=0,
        le=1,
        description="Share of the rows that others with the same key may overwrite before nothing is published.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> FeedSource:
        if bool(self.files) == (self.database is not None):
            raise ValueError("give either files or database")
        if self.lies_in_storage() and not all(pattern.startswith(_STORAGE) for pattern in self.files):
            raise ValueError("a source lies on this machine or in a storage: make two of it")
        if any("://" in pattern and not pattern.startswith(_STORAGE) for pattern in self.files):
            raise ValueError("files are paths, or objects as s3://bucket/folder/*.csv")
        if self.done_marker and (self.database or self.lies_in_storage()):
            raise ValueError("done_marker is for files on this machine: answers and objects are always whole")
        if self.skip and self.csv.skip:
            raise ValueError("give skip or csv.skip, not both: they name the same thing")
        if self.database and self.delivery == "replace_file":
            raise ValueError("a query has no file to replace: its delivery is snapshot, or append")
        if self.database and self.database.cursor and self.delivery == "snapshot":
            raise ValueError("an answer from a cursor on is no snapshot: leave out cursor, or delivery")
        if self.snapshot_of and self.delivers() != "snapshot":
            raise ValueError("snapshot_of belongs to delivery: snapshot")
        return self

    def lies_in_storage(self) -> bool:
        """Whether its files are objects of a storage and not on this machine."""
        return any(pattern.startswith(_STORAGE) for pattern in self.files)

    def lies_elsewhere(self) -> bool:
        """Whether only asking tells if something is new."""
        return self.database is not None or self.lies_in_storage()

    def lines_above(self) -> int:
        """Lines of a text, or rows of a sheet, above the header."""
        return self.skip or self.csv.skip

    def formats(self) -> set[FileFormat | None]:
        """Formats that its files have by their endings, None where these do not tell; nothing for a database."""
        return {self.format or _told_by_ending(PurePath(pattern)) for pattern in self.files}

    def delivers(self) -> Delivery:
        """What a delivery takes back, as said or by default."""
        by_default: Delivery = "replace_file"
        if self.database:
            by_default = "append" if self.database.cursor else "snapshot"
        return self.delivery or by_default

    def may_have_several_files(self) -> bool:
        """Whether its patterns can match more than one file, so that a row number is unique within one file only."""
        return len(self.files) > 1 or any(set(pattern) & set("*?[") for pattern in self.files)

    def names_file(self, name: str) -> bool:
        """Whether a file of this name, relative to the data folder, would be one of the source's."""
        return any(fnmatchcase(name, pattern) for pattern in self.files)

    def place(self) -> str:
        """Where it comes from, as the project file says it, without a password."""
        return self.database.place() if self.database else ", ".join(self.files)

    def column_sources(self) -> Iterator[tuple[str, str, ColumnSource]]:
        """Everything mapped, as (key path within the source, target column, origin)."""
        for name, origin in self.columns.items():
            yield f"columns.{name}", name, origin
        if self.wide:
            for code, origin in self.wide.cells.items():
                yield f"wide.from.{code}", self.wide.value, origin

    def provides(self) -> set[str]:
        """Target columns that receive a value."""
        wide = {self.wide.into, self.wide.value} if self.wide else set()
        return set(self.columns) | wide

    def fingerprint(self, time_zone: str) -> str:
        """SHA-256 of what decides how a row is read; other files, limits or ways to deliver do not change it."""
        meaning = self.model_dump(
            mode="json", exclude={"files", *_NO_MEANING}, exclude_defaults=True, by_alias=True
        )
        meaning["time_zone"] = self.time_zone or time_zone
        meaning["reading"] = _READING
        if self.database:
            # The password is no part of what the rows mean, and must not be guessed from a stored hash.
            meaning["database"] = self.database.query
            # What an answer had not, because it was asked from a cursor on, another cursor may miss.
            if self.database.cursor:
                meaning["cursor"] = self.database.cursor
        return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()


def node_of(state: os.stat_result) -> str:
    """What tells a file from another of the same path, size and time of change."""
    return f"{state.st_ino} {state.st_ctime_ns}"


def matching_files(source: FeedSource, folder: Path) -> list[Path]:
    """The files of a source, whose patterns are relative to `folder` or absolute, in order of their names.

    A pattern finds names in other case and packed ones too (`*.csv` finds A.CSV and a.csv.gz), but no hidden and no
    temporary files, unless they are named without a pattern, and none that lacks its `done_marker`.
    """
    return [path for path in _lying_files(source, folder) if _is_marked(path, source)]


def unmarked_files(source: FeedSource, folder: Path) -> list[Path]:
    """Files of a source that wait for their `done_marker`."""
    return [path for path in _lying_files(source, folder) if not _is_marked(path, source)]


def _lying_files(source: FeedSource, folder: Path) -> list[Path]:
    return sorted(path for path in _found(source, folder) if not is_passed_over(path, source))


def _is_marked(path: Path, source: FeedSource) -> bool:
    marker = source.done_marker
    return marker is None or any(
        path.with_name(name + marker).exists() for name in (path.name, path.stem, path.name.partition(".")[0])
    )


def passed_over_files(source: FeedSource, folder: Path) -> list[Path]:
    """Hidden and temporary files that the patterns of a source would find."""
    return sorted(path for path in _found(source, folder) if is_passed_over(path, source))


def _found(source: FeedSource, folder: Path) -> set[Path]:
    found: set[Path] = set()
    for pattern in () if source.lies_in_storage() else source.files:
        whole = Path(pattern).expanduser() if pattern.startswith("~/") else Path(pattern)
        base = Path(whole.anchor) if whole.is_absolute() else folder
        below = str(whole.relative_to(whole.anchor))
        if not _is_pattern(whole.name):
            found.update(base.glob(below))
            continue
        parent = str(PurePath(below).parent)
        for place in [base] if parent == "." else base.glob(parent):
            found.update(place / name for name in _names(place) if fits(name, whole.name))
    marker = (source.done_marker or "/").casefold()
    return {path for path in found if path.is_file() and path.suffix.casefold() != marker}


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _names(place: Path) -> list[str]:
    return [path.name for path in place.iterdir()] if place.is_dir() else []


def fits(name: str, pattern: str) -> bool:
    """Whether a pattern finds a name, in other case or packed too."""
    name, pattern = name.casefold(), pattern.casefold()
    return fnmatchcase(name, pattern) or fnmatchcase(name.removesuffix(".gz"), pattern)


def is_passed_over(path: PurePath, source: FeedSource) -> bool:
    """Whether a file is hidden or temporary and not named without a pattern."""
    return bool(_PASSED_OVER.search(path.name)) and not any(
        PurePath(pattern).name == path.name for pattern in source.files
    )


def file_format(path: PurePath, source: FeedSource) -> FileFormat:
    """The format of a file, as named in the mapping or by its ending; raises ValueError where neither tells."""
    if source.format:
        return source.format
    told = _told_by_ending(path)
    if told is None:
        raise ValueError(
            f"the ending of {path.name} does not tell its format; add `format:` csv, parquet, ndjson or xlsx"
        )
    if path.suffix.lower() == ".gz" and told in ("parquet", "xlsx"):
        raise ValueError(f"{path.name} is compressed twice; unpack it first")
    return told


def _told_by_ending(path: PurePath) -> FileFormat | None:
    plain = PurePath(path.stem) if path.suffix.lower() == ".gz" else path
    return _ENDINGS.get(plain.suffix.lower())
