"""The models that a project adds, SQL and Polars, held to the rules of ours before they join the graph.

The texts and declarations come in as arguments; what is wrong is told of all files at once, with file and line.
"""

import re
from collections.abc import Iterable, Iterator
from inspect import getsourcefile, getsourcelines, signature
from pathlib import Path

from transforms.model import Transform
from transforms.sql_model import ModelError, SqlModel, line_of_column, line_of_table, parse_model

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


def own_transforms(declared: Iterable[Transform]) -> tuple[list[Transform], list[str]]:
    """Those of the transforms that can be used, and what is wrong with others, by file and line of their function."""
    found: list[Transform] = []
    problems: list[str] = []
    for model in declared:
        place = f"{getsourcefile(model.function)}:{getsourcelines(model.function)[1]}"
        wrong = [f"{place}: {model.writes}: {reason}" for reason in _wrong_with(model)]
        problems += wrong
        found += [] if wrong else [model]
    return found, problems


def _wrong_with(model: Transform) -> Iterator[str]:
    schema, _, table = model.writes.partition(".")
    if schema not in SCHEMAS or not NAME.fullmatch(table):
        yield "an own transform writes core.<table> or marts.<table>, the table in snake_case"
        return
    if not model.description:
        yield "no description; say in the docstring of the function what one row is"
    for column, (_, text) in model.columns.items():
        if not text.strip():
            yield f"column {column} has no description; say what it says, and in which unit"
    named = {*model.reads, *model.broadcast}
    taken = {
        name for name, told in signature(model.function).parameters.items() if told.default is told.empty
    }
    given = {"as_of", "settings", *(["kept"] if model.remembers else [])}
    if unknown := sorted(taken - named - given):
        yield f"its function asks for {unknown[0]}, which is not among what it reads: {', '.join(sorted(named))}"
    elif unasked := sorted(named - set(signature(model.function).parameters)):
        yield f"it reads {unasked[0]}, which its function does not ask for"
    yield from (
        _is_later(table) for table in _later(schema, (*model.reads.values(), *model.broadcast.values()))
    )


def _later(schema: str, reads: Iterable[str]) -> Iterator[str]:
    return (table for table in reads if schema == "core" and table.partition(".")[0] in LATER_THAN_CORE)


def _is_later(table: str) -> str:
    return f"a fact of core cannot read {table}, which is computed of facts; make this a mart"


def _problems(model: SqlModel) -> Iterator[str]:
    schema, _, table = model.name.partition(".")
    if schema not in SCHEMAS:
        yield (
            f"{model.path}:1: own models stand in models/core (facts) or models/marts (what people query), "
            f"this one in {schema}"
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
    for table in _later(schema, model.reads):
        yield f"{model.path}:{line_of_table(model, table)}: {_is_later(table)}: move the file to models/marts"
