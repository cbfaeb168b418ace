"""The record that the engine makes of a worked example: of its rows as a fact in its declared types.

What an example is stands in `example.py`; which facts there are is said by whoever asks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from transforms.measures.definition import Kpi
from transforms.measures.example import Example, Row
from transforms.measures.needs import bases_of
from transforms.measures.records import kpi_records
from transforms.settings import Settings
from transforms.vocabulary import CASES

Schemas = Mapping[str, pl.Schema]
BOOLEANS = {"yes": True, "no": False}


def record_of(kpi: Kpi, example: Example, schemas: Schemas) -> Mapping[str, Any]:
    """The company's record of an example on the KPI's first basis, with facts of these schemas by table.

    The KPI's minimum and its maturity are lowered: whether a number is published is not what an example is about.
    Raises ValueError for a column that a fact does not have, and a value that is none of its type.
    """
    settings = (example.under or Settings()).model_copy(update={"cuts": ("company",)})
    made = kpi_records(
        facts_of(kpi.fact, example, schemas),
        [replace(kpi, minimum=1, suppress_below=0, horizon_days=0)],
        _period_of(example),
        as_of=date.fromisoformat(example.as_of),
        settings=settings,
    )
    return made.filter(basis=bases_of(kpi)[0], cut="company").row(0, named=True)


def facts_of(fact: str, example: Example, schemas: Schemas) -> dict[str, pl.LazyFrame]:
    """All facts, empty but for what the example names."""
    given = {fact: _table(fact, example.rows, example.every, schemas)}
    given |= {name: _table(name, own, {}, schemas) for name, own in example.also.items()}
    return {name: pl.LazyFrame(schema=schema) for name, schema in schemas.items()} | given


def _table(fact: str, given: Iterable[Row], every: Row, schemas: Schemas) -> pl.LazyFrame:
    """The rows of an example as the fact has them, all columns in their types; a row a case if it counts none."""
    if fact not in schemas:
        raise ValueError(f"there is no fact {fact}; there are {', '.join(sorted(schemas))}")
    given, schema = list(given), schemas[fact]
    unknown = {name for row in given for name in row} - {*schema, CASES} | set(every) - set(schema)
    if unknown:
        raise ValueError(f"{fact} has no column {', '.join(sorted(unknown))}")
    given = [{CASES: "1", **row} for row in given]
    columns = {
        name: _cast(name, [row.get(name, every.get(name)) for row in given], dtype)
        for name, dtype in schema.items()
    }
    rows = pl.DataFrame(columns)
    if CASES not in schema:
        alike = pl.Series([int(str(row[CASES])) for row in given], dtype=pl.Int64)
        rows = rows.select(pl.all().repeat_by(alike).explode())
    return rows.lazy()


def _cast(name: str, values: list[object], dtype: pl.DataType) -> pl.Series:
    """Values, most of them texts, as a column of a type."""
    texts = [None if value is None else str(value) for value in values]
    column = pl.Series(texts, dtype=pl.String)
    try:
        if dtype == pl.Boolean:
            return pl.Series([None if text is None else BOOLEANS[text] for text in texts], dtype=dtype)
        if dtype == pl.Date:
            return column.str.to_date("%Y-%m-%d")
        if isinstance(dtype, pl.Datetime):
            return column.str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us").dt.replace_time_zone("UTC")
        return column.cast(dtype)
    except (pl.exceptions.PolarsError, KeyError):
        written = ", ".join(dict.fromkeys(filter(None, texts)))
        raise ValueError(f"not every value of {name} is of type {dtype}: {written}") from None


def _period_of(example: Example) -> pl.DataFrame:
    """The months that an example names, as one period."""
    first, _, last = example.period.partition("/")
    starts, ends = (date.fromisoformat(f"{month}-01") for month in (first, last or first))
    frame = pl.DataFrame({"period": [starts], "starts_on": [starts], "ends_on": [ends]})
    return frame.with_columns(pl.col("ends_on").dt.month_end())
