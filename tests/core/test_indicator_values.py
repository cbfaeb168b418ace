"""core.indicator_values: what of the values that others have worked out can be used, and why the rest cannot."""

from datetime import date

import duckdb
import polars as pl

from transforms.core.indicator_values import indicator_values
from transforms.graph import ROOM
from transforms.indicators import Indicator
from transforms.settings import Settings
from transforms.sql_model import read_model
from warehouse.contract import contracts

AS_OF = date(2024, 12, 31)
SETTINGS = Settings(
    indicators={
        "upheld": Indicator(
            title="Upheld", unit="share", direction=-1, minimum=30, source="Ombudsman", withheld_marks=("u",)
        ),
        "growth": Indicator(title="Growth", unit="number", direction=1, source="Statistics", basis="stock"),
    }
)


def delivered(*rows: dict[str, object]) -> pl.DataFrame:
    """The table made of delivered rows, in their order."""
    columns = contracts()["indicator_values"].columns
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA latest")
        told = ", ".join(f"{name} {column.duckdb_type}" for name, column in columns.items())
        con.execute(f"CREATE TABLE latest.indicator_values ({told}, _load_id BIGINT, _line BIGINT)")
        for line, row in enumerate(rows, start=2):
            given = {
                "basis": "declared",
                "cut": "company",
                "segment": "company",
                **row,
                "_line": line,
                "_load_id": 1,
            }
            places = ", ".join("?" * len(given))
            con.execute(
                f"INSERT INTO latest.indicator_values ({', '.join(given)}) VALUES ({places})",
                list(given.values()),
            )
        staged = con.sql(read_model(ROOM / "staging" / "indicator_values.sql").sql).pl()
    return indicator_values(values=staged.lazy(), as_of=AS_OF, settings=SETTINGS).sort("line").collect()


def test_a_value_is_of_its_whole_period_on_the_basis_it_is_declared_with() -> None:
    found = delivered(
        {"indicator": "upheld", "period": "2024", "value": 0.25},
        {"indicator": "upheld", "period": "2024-H2", "value": 0.25, "basis": "cohort"},
        {"indicator": "growth", "period": "2024-Q2", "value": -1.5},
        {"indicator": "growth", "period": "2024-02", "value": -1.5},
    )
    assert found.select("grain", "period", "ends_on", "basis").rows() == [
        ("year", date(2024, 1, 1), date(2024, 12, 31), "period"),
        ("half_year", date(2024, 7, 1), date(2024, 12, 31), "cohort"),
        ("quarter", date(2024, 4, 1), date(2024, 6, 30), "stock"),
        ("month", date(2024, 2, 1), date(2024, 2, 29), "stock"),
    ]
    assert found["problem"].null_count() == found.height


def test_what_cannot_be_used_says_why_and_where_it_stands() -> None:
    found = delivered(
        {"indicator": "upheld", "period": "2024", "numerator": 30, "denominator": 100},
        {"indicator": "upheld", "period": "2023", "numerator": 30, "denominator": 0},
        {"indicator": "upheld", "period": "2022", "value": 87},
        {"indicator": "upheld", "period": "2021", "value": 0.8, "cut": "insurer"},
        {"indicator": "other", "period": "2024", "value": 1},
        {"indicator": "growth", "period": "2024", "value": 1},
        {"indicator": "growth", "period": "2024", "value": 1, "basis": "stock"},
    )
    assert found["value"][0] == 0.3
    assert found.drop_nulls("problem").select("line", "problem").rows() == [
        (3, "neither a value nor a numerator with a denominator"),
        (4, "not a value of its unit"),
        (5, "a segment needs a cut and a cut its segments; both are company for the whole"),
        (6, "the project declares no such indicator"),
        (8, "delivered twice, with its basis and without"),
    ]
