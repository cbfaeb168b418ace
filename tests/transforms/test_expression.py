"""Expressions of own KPIs mean to Polars what they mean to DuckDB, and only those are understood that do."""

from datetime import date

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.expression import ExpressionError, expression

COLUMNS = {
    "line": pl.String(),
    "unit": pl.String(),
    "paid": pl.Float64(),
    "claimed": pl.Int64(),
    "is_small": pl.Boolean(),
    "reported_on": pl.Date(),
    "decided_on": pl.Date(),
}
DAYS = st.dates(min_value=date(2023, 12, 25), max_value=date(2025, 3, 5))
TEXTS = st.sampled_from(["motor", "Motor", "home", "", " m", "x_y", "100%", "größer"])
CELLS = {
    "line": TEXTS,
    "unit": TEXTS,
    "paid": st.sampled_from([0.0, -1.5, 2.5, 100.0, 1e6]),
    "claimed": st.integers(-3, 200),
    "is_small": st.booleans(),
    "reported_on": DAYS,
    "decided_on": DAYS,
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | cell for name, cell in CELLS.items()}), min_size=1, max_size=8
)

NUMBERS = st.recursive(
    st.sampled_from(
        [
            *("paid", "claimed", "1", "2.5", "date_diff('day', reported_on, decided_on)", "length(line)"),
            *("year(decided_on)", "month(reported_on)", "quarter(reported_on)"),
        ]
    ),
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from("+-*"), parts).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(parts, parts).map(lambda p: f"({p[0]} / nullif({p[1]}, 0))"),
        st.tuples(st.sampled_from(["coalesce", "greatest", "least"]), parts, parts).map(
            lambda p: f"{p[0]}({p[1]}, {p[2]})"
        ),
        parts.map(lambda p: f"abs({p})"),
        parts.map(lambda p: f"(-{p})"),
        parts.map(lambda p: f"CAST({p} AS DOUBLE)"),
    ),
    max_leaves=4,
)
OF_TEXTS = st.sampled_from(
    [
        *("line", "unit", "'motor'", "lower(line)", "upper(unit)", "trim(line)", "left(line, 2)"),
        *("right(unit, 2)", "coalesce(line, unit)"),
    ]
)
OF_DAYS = st.sampled_from(
    [
        *("reported_on", "decided_on", "DATE '2024-02-29'", "reported_on + INTERVAL 10 DAY"),
        "coalesce(decided_on, reported_on)",
    ]
)
SIGNS = st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"])


def compared(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(values, SIGNS, values).map(" ".join),
        st.tuples(values, values, values).map(lambda p: f"{p[0]} BETWEEN {p[1]} AND {p[2]}"),
        st.tuples(values, values, values).map(lambda p: f"{p[0]} NOT IN ({p[1]}, {p[2]})"),
        values.map(lambda v: f"{v} IS NULL"),
    )


CONDITIONS = st.recursive(
    st.one_of(
        compared(NUMBERS),
        compared(OF_TEXTS),
        compared(OF_DAYS),
        st.sampled_from(
            [
                *("is_small", "TRUE", "line LIKE 'm%'", "unit ILIKE '%OT%'", "starts_with(line, 'm')"),
                "line LIKE '%_y'",
            ]
        ),
    ),
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from(["AND", "OR"]), parts).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        parts.map(lambda p: f"NOT ({p})"),
        st.tuples(parts, parts, parts).map(lambda p: f"CASE WHEN {p[0]} THEN {p[1]} ELSE {p[2]} END"),
    ),
    max_leaves=4,
)


def by_duckdb(sql: str, rows: pl.DataFrame) -> list[object]:
    with duckdb.connect() as con:
        con.register("rows", rows.to_arrow())
        return [value for (value,) in con.sql(f"SELECT {sql} FROM rows").fetchall()]


@given(ROWS, CONDITIONS)
def test_a_condition_is_met_in_polars_where_it_is_in_duckdb(rows: list[dict[str, object]], sql: str) -> None:
    frame = pl.DataFrame(rows, schema=COLUMNS)
    ours = frame.select(found=expression(sql, COLUMNS, "condition").computed)["found"]
    ours = ours.extend_constant(ours[0], len(frame) - 1) if len(ours) == 1 else ours
    assert ours.to_list() == by_duckdb(sql, frame)


@given(ROWS, NUMBERS)
def test_a_number_is_in_polars_what_it_is_in_duckdb(rows: list[dict[str, object]], sql: str) -> None:
    frame = pl.DataFrame(rows, schema=COLUMNS)
    ours = frame.select(found=expression(sql, COLUMNS, "number").computed)["found"]
    ours = ours.extend_constant(ours[0], len(frame) - 1) if len(ours) == 1 else ours
    for found, wanted in zip(ours.to_list(), by_duckdb(sql, frame), strict=True):
        assert (found is None) == (wanted is None)
        assert found is None or float(found) == pytest.approx(float(wanted), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("sql", ["months * 100", "month(issued_on) * 100", "length(line) - 17 + 1211"])
def test_numbers_of_few_bits_do_not_start_again_at_their_end(sql: str) -> None:
    columns = {"months": pl.Int8(), "issued_on": pl.Date(), "line": pl.String()}
    frame = pl.DataFrame(
        {"months": [12], "issued_on": [date(2025, 12, 1)], "line": ["motors"]}, schema=columns
    )
    assert frame.select(expression(sql, columns, "number").computed).item() == 1200


COMPUTED_OTHERWISE = (
    "round(paid)",
    "CAST(paid AS INTEGER)",
    "claimed // 2",
    "paid / claimed",
    "decided_on - reported_on",
    "reported_on + 10",
    "reported_on + INTERVAL 1 MONTH",
    "is_small IS TRUE",
    "is_small + 1",
    "line || unit",
)


@pytest.mark.parametrize("sql", COMPUTED_OTHERWISE)
def test_what_polars_computes_otherwise_or_not_at_all_is_refused(sql: str) -> None:
    with pytest.raises(ExpressionError):
        expression(sql, COLUMNS)
