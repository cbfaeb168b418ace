"""What a project's own contracts mean to the graph: views of its feeds, and further columns that facts carry.

What is declared is `own_columns.py`; landing such columns is the warehouse's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import polars as pl

from transforms.model import INSTANT, Transform
from transforms.origins import Origins, passed_on
from transforms.own_columns import SUBJECTS, Attributes, OwnFeed
from transforms.sql_model import SqlModel

# The types of a contract as those of a frame.
POLARS_TYPES: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "text": pl.String,
    "code": pl.String,
    "integer": pl.Int64,
    "number": pl.Float64,
    "money": pl.Decimal(18, 2),
    "date": pl.Date,
    "period": pl.String,
    "timestamp": INSTANT,
    "boolean": pl.Boolean,
}


def view_of(feed: OwnFeed) -> SqlModel:
    """The staging view of an own feed: its columns, of each record the latest version known on the as-of day."""
    columns = ", ".join(_quoted(column.name) for column in feed.columns)
    sql = f"SELECT {columns} FROM latest.{feed.feed}"
    return _model(feed.view, sql, feed, feed.description, feed.key)


def view_of_attributes(attributes: Attributes) -> SqlModel:
    """The staging view of the further columns of a feed of ours, one row for each subject."""
    description = (
        f"What the project's contract adds to {attributes.feed}, once for each {attributes.subject[-1]}."
    )
    return _model(attributes.view, _of_subjects(attributes), attributes, description, attributes.subject)


def _model(
    name: str, sql: str, of: OwnFeed | Attributes, description: str, grain: tuple[str, ...]
) -> SqlModel:
    told = {column.name: column.description for column in of.columns}
    columns = {**dict.fromkeys(grain, "What the row is about."), **told}
    reads = (f"latest.{of.feed}",)
    return SqlModel(name, sql, of.path, description, grain, "", "", reads, columns, tuple(columns))


def _of_subjects(attributes: Attributes) -> str:
    """The SELECT of one row for each subject: of several about one, the last that has a value counts."""
    names, table = [c.name for c in attributes.columns], f"latest.{attributes.feed}"
    subject = ", ".join(map(_quoted, attributes.subject))
    if attributes.feed not in SUBJECTS:
        return f"SELECT {subject}, {', '.join(map(_quoted, names))} FROM {table}"
    last = ", ".join(map(_quoted, SUBJECTS[attributes.feed].latest_by))
    values = ", ".join(f"arg_max({_quoted(n)}, row({last})) AS {_quoted(n)}" for n in names)
    return f"SELECT {subject}, {values} FROM {table} GROUP BY {subject}"


def carrying(model: Transform, attributes: Iterable[Attributes]) -> Transform:
    """The fact with the further columns of the feeds whose subjects its rows are of: its grain names them.

    >>> from transforms.core.claims import claims
    >>> team = Attributes(feed="claim_events", key=("event_id",), path=Path("team.yml"), columns=(
    ...     OwnColumn(name="team", type="text", description="Who handles it."),))
    >>> carrying(claims, [team]).schema["team"]
    String
    """
    carried = [one for one in attributes if set(one.subject) <= set(model.grain)]
    if not carried or not model.writes.startswith("core."):
        return model
    columns = {
        c.name: (POLARS_TYPES[c.type], c.description)
        for one in carried
        for c in one.columns
        # Such a name is refused (`hidden_columns`); until it is told, ours keeps its meaning.
        if c.name not in model.columns
    }
    passed = {name: origin for one in carried for name, origin in _origins(one).items() if name in columns}
    return replace(
        model,
        columns={**model.columns, **columns},
        broadcast={**model.broadcast, **{one.feed_frame: one.view for one in carried}},
        carries={one.feed_frame: one.subject for one in carried},
        origins=lambda settings: {**model.origins(settings), **passed},
    )


def hidden_columns(
    attributes: Iterable[Attributes], facts: Iterable[Transform]
) -> Iterator[tuple[str, str, str]]:
    """Feed, column and fact wherever a fact would carry a column of a name that it has itself."""
    found = [model for model in facts if model.writes.startswith("core.")]
    for one in attributes:
        carry = [model for model in found if set(one.subject) <= set(model.grain)]
        for column in one.columns:
            yield from ((one.feed, column.name, m.writes) for m in carry if column.name in m.columns)


def _origins(attributes: Attributes) -> Origins:
    return passed_on(attributes.feed, *(column.name for column in attributes.columns))


def _quoted(name: str) -> str:
    return f'"{name}"'
