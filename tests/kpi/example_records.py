"""Worked examples as facts in their declared types, and the record that the engine makes of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from transforms.graph import transform_models
from transforms.kpi.registry import registry
from transforms.measures.example import CASES, Example, Row
from transforms.measures.needs import bases_of
from transforms.measures.records import kpi_records
from transforms.settings import Settings

SCHEMAS = {model.writes: model.schema for model in transform_models()}
KPIS = {kpi.code: kpi for kpi in registry()}
BOOLEANS = {"yes": True, "no": False}


def cast(values: list[object], dtype: pl.DataType) -> pl.Series:
    """Values, most of them texts, as a column of a type; one that is none of it is an error."""
    texts = [None if value is None else str(value) for value in values]
    if dtype == pl.Boolean:
        return pl.Series([None if text is None else BOOLEANS[text] for text in texts], dtype=dtype)
    column = pl.Series(texts, dtype=pl.String)
    if dtype == pl.Date:
        return column.str.to_date("%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        return column.str.to_datetime("%Y-%m-%dT%H:%M", time_unit="us").dt.replace_time_zone("UTC")
    return column.cast(dtype)


def table(fact: str, given: tuple[Row, ...], every: Row) -> pl.LazyFrame:
    """The rows of an example as the fact has them: all its columns, in its types, a row for each case."""
    schema = SCHEMAS[fact]
    unknown = {name for row in given for name in row} - {*schema, CASES} | set(every) - set(schema)
    assert not unknown, f"{fact} has no column {', '.join(sorted(unknown))}"
    columns = {
        name: cast([row.get(name, every.get(name)) for row in given], dtype) for name, dtype in schema.items()
    }
    alike = pl.Series([int(str(row.get(CASES, 1))) for row in given], dtype=pl.Int64)
    return pl.DataFrame(columns).select(pl.all().repeat_by(alike).explode()).lazy()


def facts_of(fact: str, example: Example) -> dict[str, pl.LazyFrame]:
    """All facts, empty but for what the example names."""
    given = {fact: table(fact, example.rows, example.every)}
    given |= {name: table(name, own, {}) for name, own in example.also.items()}
    return {
        name: pl.LazyFrame(schema=schema) for name, schema in SCHEMAS.items() if name.startswith("core.")
    } | given


def period_of(example: Example) -> pl.DataFrame:
    """The months that an example names, as one period."""
    first, _, last = example.period.partition("/")
    starts, ends = (date.fromisoformat(f"{month}-01") for month in (first, last or first))
    frame = pl.DataFrame({"period": [starts], "starts_on": [starts], "ends_on": [ends]})
    return frame.with_columns(pl.col("ends_on").dt.month_end())


def record_of(code: str, example: Example | None = None) -> Mapping[str, Any]:
    """The company's record of an example, by default the KPI's own, on the KPI's first basis.

    The KPI's minimum and its maturity are lowered: whether a number is published is not what an example is about.
    """
    example = example or KPIS[code].example
    settings = (example.under or Settings()).model_copy(update={"cuts": ("company",)})
    (kpi,) = (kpi for kpi in registry(settings) if kpi.code == code)
    made = kpi_records(
        facts_of(kpi.fact, example),
        [replace(kpi, minimum=1, suppress_below=0, horizon_days=0)],
        period_of(example),
        as_of=date.fromisoformat(example.as_of),
        settings=settings,
    )
    return made.filter(basis=bases_of(kpi)[0], cut="company").row(0, named=True)
