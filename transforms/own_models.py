"""The SQL models that a project folder adds, held to the rules of ours before they join the graph.

The texts come in as arguments; what is wrong is told of all files at once, with file and line.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from transforms.sql_model import ModelError, SqlModel, line_of_column, parse_model

SCHEMAS = ("core", "marts")
NAME = re.compile(r"[a-z][a-z0-9_]*")
# A fact is made before what is computed of it.
LATER_THAN_CORE = ("kpi", "index", "marts")


def own_sql_models(files: Iterable[tuple[Path, str]]) -> tuple[list[SqlModel], list[str]]:
    """The models of the files `models/<schema>/<table>.sql`, as path and text, and what is wrong with others."""
    found: list[SqlModel] = []
    problems: list[str] = []
    for path, text in files:
        try:
            model = parse_model(f"{path.parent.name}.{path.stem}", text, path)
        except ModelError as error:
            problems += error.problems
            continue
        if wrong := list(_problems(model)):
            problems += wrong
        else:
            found.append(model)
    return found, problems


def _problems(model: SqlModel) -> Iterator[str]:
    schema, _, table = model.name.partition(".")
    if schema not in SCHEMAS:
        yield (
            f"{model.path}:1: own models stand in models/core (facts) or models/marts (what people query), "
            f"not in models/{schema}"
        )
        return
    if not NAME.fullmatch(table):
        yield f"{model.path}:1: the file's name is the table's: write {table!r} in snake_case, as in waiting_times.sql"
    if model.has_star:
        yield f"{model.path}:1: SELECT * says of no column what it is; name the columns, each with a -- comment"
        return
    for column in model.names:
        if model.names.count(column) > 1:
            yield f"{model.path}:{line_of_column(model, column)}: column {column} stands twice; give one another name"
            return
        if column not in model.columns:
            yield (
                f"{model.path}:{line_of_column(model, column)}: column {column} has no comment; write behind it "
                "-- what it says, and in which unit"
            )
    for table in model.reads if schema == "core" else ():
        if table.partition(".")[0] in LATER_THAN_CORE:
            yield (
                f"{model.path}:1: a fact of core cannot read {table}, which is computed of facts; "
                "make this a mart: move the file to models/marts"
            )
