"""Reads what must hold: one suite a table (`<schema>/<table>.yml`), and audits across tables (`audits/<name>.sql`).

Only the files are read and checked here, cheaply; asking the tables whether it does hold is `run.py`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

import yaml

Severity = Literal["critical", "warning", "info"]

ROOM = Path(__file__).parent
SCHEMAS = ("raw", "core", "kpi", "index", "marts")
SEVERITIES = get_args(Severity)
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
NAME = re.compile(r"[a-z][a-z0-9_]*")
TABLE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
# Stands in a query for the table that is checked.
BATCH = "{batch}"


class SuiteError(Exception):
    """A suite or audit that cannot be used; the message names the file and the key."""


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
    except yaml.YAMLError as error:
        raise SuiteError(f"{path}: this is not YAML: {error}") from None
    _only_keys(content, path, "", required={"expectations"})
    entries = content["expectations"]
    if not isinstance(entries, list) or not entries:
        raise SuiteError(f"{path}: expectations: write a list of at least one expectation")
    return [_expectation(entry, table, path, f"expectations[{i}]") for i, entry in enumerate(entries)]


def _expectation(entry: Any, table: str, path: Path, key: str) -> Check:
    _only_keys(entry, path, key, required={"name", "description", "severity", "type"}, optional={"kwargs"})
    for text in ("name", "description", "severity", "type"):
        if not isinstance(entry[text], str) or not entry[text].strip():
            raise SuiteError(f"{path}: {key}.{text}: write a text")
    if entry["type"] not in TYPES:
        raise SuiteError(f"{path}: {key}.type: {entry['type']!r} is not one of {', '.join(TYPES)}")
    needed, possible = TYPES[entry["type"]]
    kwargs = entry.get("kwargs", {})
    _only_keys(kwargs, path, f"{key}.kwargs", required=needed, optional=possible)
    sql = None
    if entry["type"] == QUERY_TYPE:
        sql = _query(kwargs["unexpected_rows_query"], path, f"{key}.kwargs.unexpected_rows_query", table)
    return Check(
        table=table,
        name=_name(entry["name"], path, f"{key}.name"),
        type=entry["type"],
        severity=_severity(entry["severity"], path, f"{key}.severity"),
        description=" ".join(entry["description"].split()),
        path=path,
        kwargs=kwargs,
        sql=sql,
    )


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
        if colon and NAME.fullmatch(key):
            if key not in ("severity", "tables"):
                raise SuiteError(f"{path}: {key}: an audit has severity and tables, and no {key!r}")
            said[key] = rest.strip()
        else:
            said["description"] = f"{said['description']} {line}".strip()
    for key in ("description", "severity", "tables"):
        if not said.get(key):
            raise SuiteError(f"{path}: {key}: missing from the comment that opens the file")
    severity = _severity(said["severity"], path, "severity")
    return [
        Check(
            table=table,
            name=_name(path.stem, path, "file name"),
            type=QUERY_TYPE,
            severity=severity,
            description=said["description"],
            path=path,
            sql=_query(header[2], path, "SELECT", table),
        )
        for table in _tables(said["tables"], path)
    ]


def _tables(listed: str, path: Path) -> Iterator[str]:
    for table in (part.strip() for part in listed.split(",")):
        schema, _, name = table.partition(".")
        if schema in SCHEMAS and name == "*":
            yield from (
                f"{schema}.{suite.stem}" for suite in sorted((path.parent.parent / schema).glob("*.yml"))
            )
            continue
        if not TABLE.fullmatch(table) or schema not in SCHEMAS:
            raise SuiteError(f"{path}: tables: {table!r} is not a table of {', '.join(SCHEMAS)}")
        yield table


def _query(sql: Any, path: Path, key: str, table: str) -> str:
    if not isinstance(sql, str) or not re.match(
        r"\s*(--[^\n]*\n\s*)*(select|with|from)\b", sql, re.IGNORECASE
    ):
        raise SuiteError(f"{path}: {key}: write a SELECT whose rows are the violations")
    return sql.strip().rstrip(";").replace(BATCH, table)


def _name(name: str, path: Path, key: str) -> str:
    if not NAME.fullmatch(name):
        raise SuiteError(f"{path}: {key}: {name!r} is not in snake_case")
    return name


def _severity(severity: str, path: Path, key: str) -> Severity:
    if severity not in SEVERITIES:
        raise SuiteError(f"{path}: {key}: {severity!r} is not one of {', '.join(SEVERITIES)}")
    return cast(Severity, severity)


def _only_keys(
    content: Any,
    path: Path,
    key: str,
    *,
    required: set[str] | frozenset[str],
    optional: set[str] | frozenset[str] = frozenset(),
) -> None:
    place = f"{path}: {key}" if key else str(path)
    if not isinstance(content, Mapping):
        raise SuiteError(f"{place}: write {', '.join(sorted(required | optional))} as keys with values")
    for unknown in content.keys() - required - optional:
        raise SuiteError(
            f"{place}: unknown key {unknown!r}; known are {', '.join(sorted(required | optional))}"
        )
    for missing in sorted(required - content.keys()):
        raise SuiteError(f"{place}: the key {missing!r} is missing")
