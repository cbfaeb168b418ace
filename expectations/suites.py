"""Reads what must hold: one suite a table (`<schema>/<table>.yml`), and audits across tables (`audits/<name>.sql`).

Only the files are read and checked here, cheaply; asking the tables whether it does hold is `run.py`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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

Severity = Literal["critical", "warning", "info"]

ROOM = Path(__file__).parent
SCHEMAS = ("raw", "core", "kpi", "index", "marts")
QUERY_TYPE = "unexpected_rows_expectation"
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
# What pydantic says of keys, in the words of the other files.
REASONS = {"missing": "is required", "extra_forbidden": "there is no such key"}
# Stands in a query for the table that is checked.
BATCH = "{batch}"


class SuiteError(Exception):
    """A suite or audit that cannot be used; the message names the file and the keys."""


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
            raise ValueError(f"{type_!r} is not one of {', '.join(TYPES)}")
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
        if "unexpected_rows_query" in needed and not SELECT.match(str(kwargs["unexpected_rows_query"])):
            raise ValueError("unexpected_rows_query: write a SELECT whose rows are the violations")
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


class Suite(BaseModel):
    """What a suite's file has: the expectations of its table."""

    model_config = ConfigDict(extra="forbid")
    expectations: list[Entry] = Field(min_length=1)


@cache
def checks(room: Path = ROOM) -> tuple[Check, ...]:
    """All checks, by table: those of its suite, then the audits attached to it.

    Raises SuiteError for a file that cannot be used and for two checks of one table with one name.
    """
    suites = [path for schema in SCHEMAS for path in sorted((room / schema).glob("*.yml"))]
    audits = sorted((room / "audits").glob("*.sql"))
    found = [check for path in suites for check in read_suite(path)]
    found += [check for path in audits for check in read_audit(path)]
    first: dict[tuple[str, str], Check] = {}
    for check in found:
        other = first.setdefault((check.table, check.name), check)
        if other is not check:
            raise SuiteError(
                f"{check.path}: {check.table} has a check {check.name!r} already, in {other.path}"
            )
    return tuple(sorted(found, key=lambda check: (SCHEMAS.index(check.table.partition(".")[0]), check.table)))


def read_suite(path: Path) -> list[Check]:
    """The expectations of the table `<folder>.<file>`, in the order of the file."""
    table = f"{path.parent.name}.{path.stem}"
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        suite = Suite.model_validate(content)
    except yaml.YAMLError as error:
        raise SuiteError(f"{path}: this is not YAML: {error}") from None
    except ValidationError as error:
        raise SuiteError("\n".join(f"{path}: {problem}" for problem in _problems(error))) from None
    return [entry.check(table, path) for entry in suite.expectations]


def _problems(error: ValidationError) -> Iterator[str]:
    """Key path and reason of everything that is wrong with a suite.

    Project files, frameworks and packs have theirs from `transforms/written_yaml.py`, a room that this one does not
    import.
    """
    for detail in error.errors(include_url=False):
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
        reason = REASONS.get(detail["type"], detail["msg"]).removeprefix("Value error, ")
        yield f"{place.lstrip('.') or 'file'}: {reason}"


def read_audit(path: Path) -> list[Check]:
    """The audit of one file, once for each table that its header attaches it to.

    The header is the comment that opens the file: a description, and the lines `severity:` and `tables:`, where
    `raw.*` means every table of the schema that has a suite. `{batch}` in the SELECT stands for the table.
    """
    text = path.read_text(encoding="utf-8")
    header = re.match(r"\s*/\*(.*?)\*/(.*)", text, re.DOTALL)
    if header is None:
        raise SuiteError(f"{path}: open the file with a comment /* Description. severity: … tables: … */")
    said: dict[str, str] = {"description": ""}
    for line in map(str.strip, header[1].splitlines()):
        key, colon, rest = line.partition(":")
        if colon and re.fullmatch(NAME, key):
            if key not in ("severity", "tables"):
                raise SuiteError(f"{path}: {key}: an audit has severity and tables, and no {key!r}")
            said[key] = rest.strip()
        else:
            said["description"] = f"{said['description']} {line}".strip()
    for key in ("description", "severity", "tables"):
        if not said.get(key):
            raise SuiteError(f"{path}: {key}: missing from the comment that opens the file")
    entry = {"name": path.stem, "type": QUERY_TYPE, "kwargs": {"unexpected_rows_query": header[2]}}
    entry |= {"description": said["description"], "severity": said["severity"]}
    try:
        audit = Entry.model_validate(entry)
    except ValidationError as error:
        raise SuiteError("\n".join(f"{path}: {problem}" for problem in _problems(error))) from None
    return [audit.check(table, path) for table in _tables(said["tables"], path)]


def _tables(listed: str, path: Path) -> Iterator[str]:
    for table in (part.strip() for part in listed.split(",")):
        schema, _, name = table.partition(".")
        if schema in SCHEMAS and name == "*":
            yield from (
                f"{schema}.{suite.stem}" for suite in sorted((path.parent.parent / schema).glob("*.yml"))
            )
            continue
        if not re.fullmatch(NAME, name) or schema not in SCHEMAS:
            raise SuiteError(f"{path}: tables: {table!r} is not a table of {', '.join(SCHEMAS)}")
        yield table
