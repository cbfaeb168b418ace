"""Reads what must hold: one suite per table (`<schema>/<table>.yml`), and audits across tables (`audits/<name>.sql`).

Only the files are read and checked here, cheaply; asking the tables whether it does hold is `run.py`.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from transforms.written_yaml import key_problems

Severity = Literal["critical", "warning", "info"]

ROOM = Path(__file__).parent
SCHEMAS = ("raw", "core", "kpi", "index", "marts")
QUERY_TYPE = "unexpected_rows_expectation"
GRAIN_CHECK = "grain_unique"
# The expectations in use, all of which DuckDB can answer: the arguments each needs, and those it also takes.
TYPES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "expect_column_values_to_not_be_null": (frozenset({"column"}), frozenset({"mostly"})),
    "expect_column_values_to_be_null": (frozenset({"column"}), frozenset({"mostly"})),
    "expect_column_values_to_be_in_set": (frozenset({"column", "value_set"}), frozenset({"mostly"})),
    "expect_column_values_to_be_between": (
        frozenset({"column"}),
        frozenset({"min_value", "max_value", "mostly"}),
    ),
    "expect_table_row_count_to_be_between": (frozenset(), frozenset({"min_value", "max_value"})),
    QUERY_TYPE: (frozenset({"unexpected_rows_query"}), frozenset()),
}
NAME = r"[a-z][a-z0-9_]*"
SELECT = re.compile(r"\s*(--[^\n]*\n\s*)*(select|with|from)\b", re.IGNORECASE)
# Stands in a query for the table that is checked.
BATCH = "{batch}"


class SuiteError(Exception):
    """A suite or audit that cannot be used; `problems` are pairs of key path (empty: the whole file) and reason."""

    def __init__(self, path: Path, *problems: tuple[str, str]) -> None:
        self.path, self.problems = path, problems
        super().__init__("\n".join(f"{path}: {key or 'file'}: {reason}" for key, reason in problems))


@dataclass(frozen=True)
class Check:
    """One thing that must hold of one table; `description` says in plain words what breaks if it does not.

    `type` and `kwargs` are those of Great Expectations. Where `sql` is given, its rows are the violations.
    """

    table: str
    name: str
    type: str
    severity: Severity
    description: str
    path: Path
    kwargs: Mapping[str, Any] = field(default_factory=dict, hash=False)
    sql: str | None = None

    @property
    def blocking(self) -> bool:
        """Whether its failure keeps a version from being published."""
        return self.severity == "critical"


class Entry(BaseModel):
    """One expectation as its file has it; `kwargs` are the arguments of its type."""

    model_config = ConfigDict(extra="forbid")
    name: str
    description: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    severity: Severity
    type: str
    kwargs: dict[str, Any] = Field({}, validate_default=True)

    @field_validator("name")
    @classmethod
    def _snake_case(cls, name: str) -> str:
        if not re.fullmatch(NAME, name):
            raise ValueError(f"{name!r} is not in snake_case")
        return name

    @field_validator("type")
    @classmethod
    def _in_use(cls, type_: str) -> str:
        if type_ not in TYPES:
            near = difflib.get_close_matches(type_, TYPES, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"{type_!r} is not one of {', '.join(TYPES)}{meant}")
        return type_

    @field_validator("kwargs")
    @classmethod
    def _of_its_type(cls, kwargs: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        needed, possible = TYPES.get(info.data.get("type", ""), (frozenset[str](), frozenset(kwargs)))
        known = ", ".join(sorted(needed | possible))
        if unknown := sorted(kwargs.keys() - needed - possible):
            raise ValueError(f"unknown key {unknown[0]!r}; known are {known}")
        if missing := sorted(needed - kwargs.keys()):
            raise ValueError(f"the key {missing[0]!r} is missing")
        for key, value in kwargs.items():
            if reason := _wrong_value(key, value):
                raise ValueError(f"{key}: {reason}")
        return kwargs

    def check(self, table: str, path: Path) -> Check:
        """The check of a table."""
        query = self.kwargs.get("unexpected_rows_query")
        return Check(
            table=table,
            name=self.name,
            type=self.type,
            severity=self.severity,
            description=" ".join(self.description.split()),
            path=path,
            kwargs={} if query else self.kwargs,
            sql=query.strip().rstrip(";").replace(BATCH, table) if query else None,
        )


def _wrong_value(key: str, value: Any) -> str | None:
    """Why an argument cannot have a value; None if it can."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if key == "unexpected_rows_query" and not SELECT.match(str(value)):
        return "write a SELECT whose rows are the violations"
    if key == "column" and not isinstance(value, str):
        return f"{value!r} is no name of a column"
    if key == "value_set" and not (isinstance(value, list) and value):
        return f"{value!r} is no list of values"
    if key == "mostly" and not (is_number and 0 < value <= 1):
        return f"{value!r} is no share between 0 and 1"
    if key in ("min_value", "max_value") and not (is_number or isinstance(value, date)):
        return f"{value!r} is neither a number nor a day"
    return None


class Suite(BaseModel):
    """What a suite's file has: the expectations of its table."""

    model_config = ConfigDict(extra="forbid")
    expectations: list[Entry] = Field(min_length=1)


@cache
def checks(room: Path = ROOM) -> tuple[Check, ...]:
    """All checks of a folder, by table: those of its suite, then the audits attached to it.

    Raises SuiteError for a file that cannot be used and for two checks of one table with one name.
    """
    suites = [path for schema in SCHEMAS for path in sorted((room / schema).glob("*.yml"))]
    found = [check for path in suites for check in read_suite(path)]
    found += [check for path in sorted((room / "audits").glob("*.sql")) for check in read_audit(path)]
    if taken := names_taken(found):
        raise taken[0]
    return in_order(found)


def in_order(found: Iterable[Check]) -> tuple[Check, ...]:
    """Checks by schema and table, those of one table in the order they come in."""
    return tuple(sorted(found, key=lambda check: (SCHEMAS.index(check.table.partition(".")[0]), check.table)))


def names_taken(found: Iterable[Check]) -> list[SuiteError]:
    """A mistake for each check that bears the name of an earlier one of its table."""
    first: dict[tuple[str, str], Check] = {}
    return [
        SuiteError(
            check.path, (check.name, f"{check.table} has a check {check.name!r} already, in {other.path}")
        )
        for check in found
        if (other := first.setdefault((check.table, check.name), check)) is not check
    ]


def grain_check(table: str, grain: Sequence[str], path: Path) -> Check:
    """What must hold of every table: the columns that the model in `path` calls its grain tell its rows apart."""
    columns = ", ".join(f'"{column}"' for column in grain)
    return Check(
        table=table,
        name=GRAIN_CHECK,
        type=QUERY_TYPE,
        severity="critical",
        description=f"Rows that {', '.join(grain)} do not tell apart are counted twice in whatever reads the table.",
        path=path,
        sql=f"SELECT {columns}, count(*) AS n FROM {table} GROUP BY {columns} HAVING n > 1",
    )


def table_of(suite: Path) -> str:
    """The table that the suite `<schema>/<table>.yml` is on."""
    return f"{suite.parent.name}.{suite.stem}"


def read_suite(path: Path) -> list[Check]:
    """The expectations of the table `<folder>.<file>`, in the order of the file."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise SuiteError(path, ("", f"this is not YAML: {error}")) from None
    return suite_checks(content, path)


def suite_checks(content: Any, path: Path) -> list[Check]:
    """The expectations of the table `<folder>.<file>`, in the order of what the file says."""
    try:
        suite = Suite.model_validate(content)
    except ValidationError as error:
        raise SuiteError(path, *key_problems(error, content, Suite)) from None
    return [entry.check(table_of(path), path) for entry in suite.expectations]


def read_audit(path: Path) -> list[Check]:
    """The audit of one file beside the suites, once for each table that its header attaches it to."""
    suites = [suite for schema in SCHEMAS for suite in sorted((path.parent.parent / schema).glob("*.yml"))]
    return audit_checks(path.read_text(encoding="utf-8"), path, [table_of(suite) for suite in suites])


def audit_checks(text: str, path: Path, tables: Sequence[str]) -> list[Check]:
    """The audit that a file says, once for each table that its header attaches it to.

    The header is the comment that opens the file: a description, and the lines `severity:` and `tables:`, where
    `raw.*` means every one of `tables` in the schema. `{batch}` in the SELECT stands for the table.
    """
    header = re.match(r"\s*/\*(.*?)\*/(.*)", text, re.DOTALL)
    if header is None:
        raise SuiteError(path, ("", "open the file with a comment /* Description. severity: … tables: … */"))
    said: dict[str, str] = {"description": ""}
    for line in map(str.strip, header[1].splitlines()):
        key, colon, rest = line.partition(":")
        if colon and re.fullmatch(NAME, key):
            if key not in ("severity", "tables"):
                raise SuiteError(path, (key, f"an audit has severity and tables, and no {key!r}"))
            said[key] = rest.strip()
        else:
            said["description"] = f"{said['description']} {line}".strip()
    for key in ("description", "severity", "tables"):
        if not said.get(key):
            raise SuiteError(path, (key, "missing from the comment that opens the file"))
    entry = {"name": path.stem, "type": QUERY_TYPE, "kwargs": {"unexpected_rows_query": header[2]}}
    entry |= {"description": said["description"], "severity": said["severity"]}
    try:
        audit = Entry.model_validate(entry)
    except ValidationError as error:
        raise SuiteError(path, *key_problems(error, entry, Entry)) from None
    return [audit.check(table, path) for table in _tables(said["tables"], path, tables)]


def _tables(listed: str, path: Path, tables: Sequence[str]) -> Iterator[str]:
    for table in (part.strip() for part in listed.split(",")):
        schema, _, name = table.partition(".")
        if schema in SCHEMAS and name == "*":
            yield from (known for known in tables if known.partition(".")[0] == schema)
            continue
        if not re.fullmatch(NAME, name) or schema not in SCHEMAS:
            raise SuiteError(path, ("tables", f"{table!r} is not a table of {', '.join(SCHEMAS)}"))
        yield table
