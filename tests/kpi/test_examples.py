"""Every worked example of every KPI runs through the engine, and gives the record that the dictionary prints."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from transforms.graph import transform_models
from transforms.kpi.registry import registry
from transforms.measures.example import CASES, Example, Row
from transforms.measures.needs import bases_of
from transforms.measures.records import kpi_records
from transforms.settings import Settings

SCHEMAS = {model.writes: model.schema for model in transform_models()}
KPIS = {kpi.code: kpi for kpi in registry()}
BOOLEANS = {"yes": True, "no": False}
# Whose example is in words alone as yet.
OTHERS_IN_WORDS = """
    servperf_tangibles_score
    servperf_reliability_score
    servperf_responsiveness_score
    servperf_assurance_score
    servperf_empathy_score
    servqual_gap_points
    nps_points
    servqual_weighted_gap_points
    servperf_weighted_score
    csi_score
    satisfaction_score
    satisfied_share
    ces_score
    ces_easy_share
    satisfaction_poststratified_score
    survey_response_share
    survey_participation_share
"""
IN_WORDS = set(OTHERS_IN_WORDS.split())


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


def found_by(code: str) -> Mapping[str, object]:
    """The company's record of a KPI's example on its first basis, whatever its minimum and maturity."""
    example = KPIS[code].example
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


@pytest.mark.parametrize("code", [code for code in KPIS if code not in IN_WORDS])
def test_the_example_runs(code: str):
    example = KPIS[code].example
    assert example is not None, "a KPI without a worked example"
    assert example.rows, "an example without rows"
    found = found_by(code)
    assert found["status"] == "ok"
    for name in ("value", "numerator", "denominator"):
        assert found[name] == pytest.approx(getattr(example, name), abs=1e-9), name


def test_who_has_rows_is_not_among_those_in_words():
    assert {code for code in IN_WORDS if KPIS[code].example.rows} == set()
