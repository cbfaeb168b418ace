"""The dictionary: every table of the version and its columns, in the words of the catalogue."""

from itertools import groupby

from orchestration.pages.edition import Edition
from orchestration.pages.page import Page
from orchestration.pages.published import Column

ADDRESS = "dictionary.html"
# Views of the build session are not in the file.
TABLES = """
    SELECT table_name, description, grain, owner, row_count FROM catalog.tables
    WHERE table_name NOT LIKE 'staging.%' ORDER BY split_part(table_name, '.', 1), table_name
"""
COLUMNS = """
    SELECT table_name, column_name, data_type, description FROM catalog.columns
    WHERE table_name NOT LIKE 'staging.%' ORDER BY split_part(table_name, '.', 1), table_name, position
"""
TABLE_COLUMNS = [
    Column("table_name", "anchor"), Column("description"), Column("grain"), Column("row_count", "number", "count")
]  # fmt: skip


def dictionary(edition: Edition) -> Page:
    """The page of all tables, with the columns of each below."""
    tables = edition.published.table("tables", TABLES, TABLE_COLUMNS)
    columns = edition.published.table("columns", COLUMNS)
    by_table = {name: list(rows) for name, rows in groupby(columns.rows(), lambda row: row["table_name"])}
    return Page(
        ADDRESS,
        "dictionary.html",
        edition.words.say("dictionary.title"),
        {"tables": tables, "columns": columns, "by_table": by_table},
        [tables, columns],
    )
