"""A SQL model: one file, one plain SELECT in DuckDB's dialect, read with sqlglot.

Its schema and name are its path, its dependencies the tables its scopes name. Running it is not done here.
"""

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.scope import traverse_scope

ROWS_MADE_BY = ("range", "generateseries", "generate_series", "unnest", "explode")


class ModelError(Exception):
    """Models that cannot be used; each of the `problems` names file and line."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class SqlModel:
    """One SELECT with its header: description, grain, owner, example query; and the comments of its columns."""

    name: str
    sql: str
    path: Path
    description: str
    grain: tuple[str, ...]
    owner: str
    example: str
    reads: tuple[str, ...]
    columns: dict[str, str]
    names: tuple[str, ...] = ()
    """Names of its columns in their order; of a model with a star at its top those that it names."""
    has_star: bool = False


def read_model(path: Path) -> SqlModel:
    """The model of the file `<schema>/<name>.sql`.

    Raises ModelError for SQL that does not parse or is no SELECT, a missing description or grain, and a mart
    without an example query or with `SELECT *` at its top.
    """
    return parse_model(f"{path.parent.name}.{path.stem}", path.read_text(encoding="utf-8"), path)


def parse_model(name: str, sql: str, path: Path) -> SqlModel:
    """The model `name` of the text `sql`, which came from `path`."""
    try:
        statements = [s for s in sqlglot.parse(sql, dialect="duckdb") if s is not None]
    except SqlglotError as error:
        line, reason = _parser_said(error)
        raise ModelError(f"{path}:{line}: this does not parse as DuckDB SQL: {reason}") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ModelError(f"{path}:1: a model is one SELECT; this file has something else")
    query = statements[0]
    header = _header(sql)
    for part in ("description", "grain"):
        if not header[part]:
            raise ModelError(
                f"{path}:1: no {part}; open the file with a comment /* Description. grain: columns */"
            )
    if name.startswith("marts."):
        if query.is_star:
            raise ModelError(
                f"{path}:{_line(query)}: SELECT * in a mart; name its columns, people rely on them"
            )
        if name not in header["example"]:
            raise ModelError(
                f"{path}:1: no example query; end the comment block with `example:` and one of {name}"
            )
    grain = tuple(part.strip() for part in header["grain"].split(","))
    unknown = [column for column in grain if not query.is_star and column not in query.named_selects]
    if unknown:
        raise ModelError(f"{path}:1: grain names {unknown}; the columns are {query.named_selects}")
    return SqlModel(
        name,
        sql,
        path,
        header["description"],
        grain,
        header["owner"],
        header["example"],
        _tables(query, path),
        _comments(query),
        tuple(query.named_selects),
        query.is_star,
    )


def line_of_table(model: SqlModel, table: str) -> int:
    """The line on which a model first names a table."""
    named = [_line(found) for found in _query(model).find_all(exp.Table) if _name(found) == table]
    return min(named, default=1)


def line_of_column(model: SqlModel, column: str) -> int:
    """The line on which a model makes a column, as far as the parser kept it."""
    made = [_line(projection) for projection in _query(model).selects if projection.alias_or_name == column]
    return max(made, default=1)


def _query(model: SqlModel) -> exp.Query:
    query = sqlglot.parse_one(model.sql, dialect="duckdb")
    assert isinstance(query, exp.Query)
    return query


def _parser_said(error: SqlglotError) -> tuple[int, str]:
    """The line of the first thing that the parser did not understand, and what it says of it."""
    for detail in error.errors if isinstance(error, ParseError) else ():
        return int(detail.get("line") or 1), f"{detail['description']} at {detail['highlight']!r}"
    return 1, str(error).splitlines()[0]


def _header(sql: str) -> dict[str, str]:
    """Description, grain, owner and, at its end, the example query of the comment block that opens the file."""
    parts: dict[str, str] = {"description": "", "grain": "", "owner": "", "example": ""}
    text = sql.lstrip()
    if not text.startswith("/*"):
        return parts
    block, _, example = text[2 : text.index("*/")].partition("\nexample:\n")
    parts["example"] = dedent(example).strip()
    for line in block.splitlines():
        key, _, rest = line.strip().partition(":")
        if key in ("grain", "owner"):
            parts[key] = rest.strip()
        else:
            parts["description"] = f"{parts['description']} {line.strip()}".strip()
    return parts


def _tables(query: exp.Query, path: Path) -> tuple[str, ...]:
    """The tables the query reads, `schema.table`; names of CTEs are not tables."""
    tables: set[str] = set()
    for scope in traverse_scope(query):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and not _makes_rows(source):
                if not source.db:
                    named = source.name or source.this.sql(dialect="duckdb")
                    raise ModelError(
                        f"{path}:{_line(source)}: {named} is no table of the warehouse; write schema and name, as "
                        "core.claims (files and databases come in by feeds)"
                    )
                tables.add(_name(source))
    return tuple(sorted(tables))


def _makes_rows(source: exp.Table) -> bool:
    """Whether a source is a function that makes rows of its arguments alone."""
    function = source.this
    name = function.name if isinstance(function, exp.Anonymous) else type(function).__name__
    return name.lower() in ROWS_MADE_BY


def _name(table: exp.Table) -> str:
    """Schema and name of a table, in which capitals do not matter."""
    return f"{table.db}.{table.name}".lower()


def tables_named(sql: str) -> tuple[str, ...] | None:
    """The tables that a query names, `schema.table`; None where sqlglot cannot read the query."""
    try:
        found = sqlglot.parse_one(sql, dialect="duckdb").find_all(exp.Table)
    except SqlglotError:
        return None
    return tuple({_name(table): None for table in found})


def _comments(query: exp.Query) -> dict[str, str]:
    """The `-- text` behind each projection, by column name."""
    first = query.selects if not isinstance(query, exp.SetOperation) else query.left.selects
    return {
        projection.alias_or_name: " ".join(" ".join(projection.comments).split())
        for projection in first
        if projection.comments
    }


def _line(node: exp.Expr) -> int:
    """The line the node stands on, as far as the parser kept it."""
    lines = [n.meta["line"] for n in node.walk() if "line" in n.meta]
    return min(lines, default=1)
