"""Tables as CSV that a spreadsheet opens without running anything of it: one rule for all that writes CSV.

Numbers stay as they are published; only a text that begins like a formula is led by an apostrophe.
"""

import json

import polars as pl

from warehouse.quoting import literal

# What spreadsheets take for the beginning of a formula, also in full width (OWASP, CSV injection).
_FORMULA = "^[=+@\t\r\n＝＋－＠-]"


def as_csv(frame: pl.DataFrame) -> str:
    """The rows as CSV with a header; lists and records become JSON, since a cell is a text."""
    flat = frame.with_columns(
        _as_json(frame[name]) for name, dtype in frame.schema.items() if dtype.is_nested()
    )
    return flat.with_columns(
        pl.when(column.str.contains(_FORMULA)).then("'" + column).otherwise(column).name.keep()
        for name, dtype in flat.schema.items()
        if dtype == pl.String
        for column in [pl.col(name)]
    ).write_csv()


def _as_json(column: pl.Series) -> pl.Series:
    cells = [None if cell is None else json.dumps(cell, default=str) for cell in column.to_list()]
    return pl.Series(column.name, cells, dtype=pl.String)


def harmless_sql(text: str) -> str:
    """SQL of a text as it may stand in CSV."""
    return f"CASE WHEN regexp_matches({text}, {literal(_FORMULA)}) THEN '''' || {text} ELSE {text} END"
