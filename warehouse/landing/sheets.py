"""Sheets of workbooks as text, row for row as they stand, so that the rows of the sheet can be told.

What the cells mean is in conform.py; other kinds of source are read in readers.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_ERRORS = {
    "NA": "#N/A",
    "Ref": "#REF!",
    "Div0": "#DIV/0!",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet below its header; cells are text, columns are called by their place."""

    rows: pl.DataFrame
    header: list[str]
    first_line: int
    """Row of the sheet, from 1, on which the first of them stands."""
    errors: tuple[str, ...]
    """What the broken cells show, for example #N/A."""


def read_sheet(path: Path, wanted: str | None, skip: int) -> Sheet:
    """The named sheet of a workbook, or its only one with rows; `skip` rows stand above the header.

    Empty rows above the header are passed over. Raises ValueError where it cannot be read or is not named.
    """
    try:
        import fastexcel
    except ModuleNotFoundError:
        raise ValueError("spreadsheets are read with the package fastexcel, which is not installed") from None
    try:
        book = fastexcel.read_excel(path)
        name = wanted if wanted in book.sheet_names else _chosen(book, wanted)
        loaded = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
        return _below_header(loaded, skip)
    except fastexcel.FastExcelError as error:
        raise ValueError(str(error).splitlines()[0]) from error


def _chosen(book: Any, wanted: str | None) -> str:
    names = list(book.sheet_names)
    if wanted is not None:
        same = [name for name in names if name.strip().casefold() == wanted.strip().casefold()]
        if len(same) == 1:
            return str(same[0])
        raise ValueError(f"there is no sheet {wanted!r}; the sheets are {', '.join(names)}")
    sheets = [
        book.load_sheet(name, header_row=None, skip_rows=0, n_rows=1, dtypes="string") for name in names
    ]
    filled = [sheet.name for sheet in sheets if sheet.visible == "visible" and sheet.total_height]
    if len(filled) > 1:
        raise ValueError(
            f"{len(filled)} sheets hold rows ({', '.join(filled)}) and none is named; say which with `sheet:`,"
            " and map each of the others as a further entry of the feed"
        )
    return str(filled[0] if filled else names[0])


def _below_header(loaded: Any, skip: int) -> Sheet:
    import polars as pl

    rows: pl.DataFrame = loaded.to_polars()
    rows.columns = [str(place) for place in range(rows.width)]
    _, faults = loaded.to_arrow_with_errors()
    shown = {fault.position: _shown(fault.detail) for fault in (faults.errors if faults else ())}
    for place in {column for _, column in shown}:
        cells = rows[str(place)].to_list()
        for (row, column), text in shown.items():
            if column == place:
                cells[row] = text
        rows = rows.with_columns(pl.Series(str(place), cells, dtype=pl.String))
    header = next((row for row in range(skip, rows.height) if any(rows.row(row))), None)
    if header is None:
        raise ValueError("the sheet is empty" if not skip else f"the sheet holds nothing below row {skip}")
    names = [name or "" for name in rows.row(header)]
    return Sheet(rows.slice(header + 1), names, header + 2, tuple(sorted(set(shown.values()))))


def _shown(detail: str) -> str:
    """What a sheet shows in a cell that the reader calls Error(NA)."""
    kind = re.search(r"Error\((\w+)\)", detail)
    return _ERRORS.get(kind[1], f"#{kind[1]}") if kind else "#ERROR"
