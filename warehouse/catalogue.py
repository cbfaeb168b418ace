"""The catalogue inside the published file: tables, columns, lineage, checks and loads, for whoever opens it.

Rows are handed in; here it says which tables the catalogue has and what their columns mean.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from warehouse.store import Store

Rows = Sequence[tuple[object, ...]]

TABLES: Mapping[str, tuple[str, Mapping[str, tuple[type[pl.DataType], str]]]] = {
    "catalog.tables": (
        "Every table of the warehouse, one row each.",
        {
            "table_name": (pl.String, "Schema and name."),
            "kind": (pl.String, "feed, sql or polars."),
            "description": (pl.String, "What one row is."),
            "grain": (pl.String, "Columns that tell the rows apart."),
            "owner": (pl.String, "Who answers for it."),
            "source_file": (pl.String, "File that defines it."),
            "row_count": (pl.Int64, "Rows; empty for views of the build session."),
            "example": (pl.String, "Of a mart: a query to begin with."),
        },
    ),
    "catalog.columns": (
        "Every column, one row each.",
        {
            "table_name": (pl.String, "Schema and name."),
            "column_name": (pl.String, "The column."),
            "position": (pl.Int32, "1 for the first column."),
            "data_type": (pl.String, "DuckDB type."),
            "description": (pl.String, "What it says, in its unit."),
        },
    ),
    "catalog.column_lineage": (
        "From which columns each column is made, one row per pair.",
        {
            "table_name": (pl.String, "Schema and name."),
            "column_name": (pl.String, "The column."),
            "source_table": (pl.String, "Table it is made from."),
            "source_column": (pl.String, "Column it is made from; empty where only the table is known."),
        },
    ),
    "catalog.frameworks": (
        "Every version of every framework of the index, computed now or published before, one row each.",
        {
            "framework": (pl.String, "Code."),
            "framework_version": (pl.String, "Version; scores compare only within one."),
            "title": (pl.String, "What it is called."),
            "valid_from": (pl.Date, "First day it is valid; empty: from the beginning."),
            "valid_to": (pl.Date, "Last day it is valid; empty: without end."),
            "backcast_months": (pl.Int32, "Months recomputed before valid_from."),
            "scored_from": (pl.Date, "First month ever published under it."),
            "scored_to": (pl.Date, "Last month ever published under it."),
            "in_force_from": (
                pl.Date,
                "First day it is in force: of the valid ones that which began last is.",
            ),
            "in_force_to": (pl.Date, "Last day it is in force; empty: without end, or never."),
            "is_in_force": (pl.Boolean, "In force on the as-of day."),
            "is_computed": (
                pl.Boolean,
                "Computed by this version of the warehouse; if not, see index.history.",
            ),
            "specification": (pl.String, "The whole framework as JSON."),
        },
    ),
    "catalog.kpis": (
        "The dictionary of KPIs, one row each.",
        {
            "kpi": (pl.String, "Code."),
            "title": (pl.String, "What it is called."),
            "fact": (pl.String, "Table of the cases it counts."),
            "measure": (pl.String, "Kind of measure."),
            "unit": (pl.String, "Unit of the value."),
            "direction": (pl.Int8, "1: higher is better, -1: lower is better, 0: neither."),
            "bases": (pl.String, "Bases it is computed on, with the date that places a case in a month."),
            "minimum": (pl.Int64, "Cases below which the status is low_n."),
            "horizon_days": (pl.Int64, "Days until a cohort is mature."),
            "definition_version": (pl.String, "Version of the definition in force."),
            "source": (pl.String, "Law, regulation or publication."),
            "definition": (pl.String, "In words."),
            "formula": (pl.String, "Formula."),
            "counts": (pl.String, "Which cases count."),
            "leaves_out": (pl.String, "Which cases do not."),
            "seldom": (
                pl.String,
                "Why few insurers have a record of it that is ok, if so.",
            ),
            "interval": (pl.String, "Kind of the 95 % interval."),
            "example": (pl.String, "Worked example: what is given."),
            "example_value": (pl.Float64, "The value that follows from it."),
            "example_rows": (pl.String, "Rows of its facts that it follows from, as JSON by table."),
            "for_index": (pl.Boolean, "Whether it may enter a composite index."),
            "needs": (
                pl.String,
                "Columns and codes of feeds that must be recorded; `a|b`: one of several codes.",
            ),
            "lacks": (pl.String, "What of it the project's sources never recorded, and why; empty: nothing."),
            "recorded_from": (pl.Date, "Day from which all of it is recorded; empty: never, or ever since."),
        },
    ),
    "catalog.own_kpis": (
        "The KPIs that the project declares itself, as declared, one row each.",
        {
            "kpi": (pl.String, "Code."),
            "version": (pl.String, "Version of its definition, as declared."),
            "specification": (pl.String, "What decides its values, as JSON."),
        },
    ),
    "catalog.recorded": (
        "What KPIs ask of the feeds and since when the project's sources record it, one row per column or code.",
        {
            "item": (
                pl.String,
                "feed.column, or feed.column=code; nothing after the sign is an empty value.",
            ),
            "is_mapped": (pl.Boolean, "The mapping of a source can deliver it."),
            "recorded_from": (pl.Date, "Day from which it counts as recorded; empty if none has landed."),
            "lacking": (pl.String, "Sources that open cases but never record it, though another does."),
        },
    ),
    "catalog.units": (
        "The units of KPIs, one row each: the values that a KPI can have.",
        {
            "unit": (pl.String, "Code."),
            "title": (pl.String, "In words."),
            "lowest": (pl.Float64, "Lowest value; a limit of an interval is never below it."),
            "highest": (pl.Float64, "Highest value, likewise; empty where there is none."),
            "is_quotient": (pl.Boolean, "A value is its numerator over its denominator."),
            "adds_up": (
                pl.Boolean,
                "Numerators and denominators of the segments of a cut add up to the company's.",
            ),
        },
    ),
    "catalog.packs": (
        "The project's packs, our reading of regulators' rules, one row per KPI of a pack.",
        {
            "pack": (pl.String, "Code of the pack."),
            "title": (pl.String, "What it is called."),
            "authority": (pl.String, "Whose rules it reads."),
            "kpi": (pl.String, "Code of the KPI."),
            "basis": (pl.String, "Basis that the rule looks at."),
            "rule": (pl.String, "What the rule asks for."),
            "clause": (pl.String, "Article or section."),
            "evidence": (
                pl.String,
                "found, third_party_copy, general_knowledge or own_reading: how well the rule is known.",
            ),
            "at_least": (pl.Float64, "Met from this value on."),
            "at_most": (pl.Float64, "Met up to this value."),
            "awaited": (pl.Boolean, "The KPI is not measured yet."),
        },
    ),
}

# What every check of this version found; kept up to date as tables are checked.
CHECKS: Mapping[str, tuple[type[pl.DataType], str]] = {
    "table_name": (pl.String, "Table checked."),
    "check_name": (pl.String, "Name of the check."),
    "severity": (pl.String, "critical stops publishing, warning does not."),
    "passed": (pl.Boolean, "Whether it passed."),
    "observed": (pl.String, "What was seen."),
    "unexpected_count": (pl.Int64, "Rows that broke it."),
    "description": (pl.String, "What breaks if it fails."),
}


LOADS: Mapping[str, str] = {
    "load_id": "Number of the load, in the order of landing.",
    "feed": "Feed it belongs to.",
    "file": "File, relative to the data folder, or the database asked.",
    "sha256": "Hash of its content.",
    "size_bytes": "Size of the file.",
    "loaded_at": "When it landed.",
    "rows_read": "Rows of the source: landed, rejected, skipped, unchanged or forgotten.",
    "rows_landed": "Rows stored, because the delivery before it did not have them: added or corrected.",
    "rows_rejected": "Rows that break the contract.",
    "rows_skipped": "Rows that the mapping leaves out.",
    "rows_unchanged": "Rows that the delivery before it had as well.",
    "rows_added": "Rows landed of records that were not known.",
    "rows_corrected": "Rows landed of records that an earlier load had brought.",
    "rows_replaced": "Rows of the delivery before it whose record it names with another content.",
    "rows_taken_back": "Rows of the delivery before it whose record it no longer names.",
    "rows_forgotten": "Rows of people who were forgotten, since it landed or before.",
    "source": "Source it came by: its name, else where it comes from.",
    "delivery": "How the source delivered then.",
    "key_is_made": "Whether the key was made of other columns, for want of an identifier.",
    "record": "Of a wide source: the columns that name its record.",
    "key_id": "Key that its pseudonyms are made with; empty where it names nobody.",
    "in_force": "Whether rows can count by it: it is neither replaced as a whole nor withdrawn.",
    "withdrawn_at": "When it was withdrawn.",
    "withdrawn_why": "Why.",
}


def write_catalogue(store: Store, rows: Mapping[str, Rows]) -> None:
    """Make the catalogue's tables from rows in the order of their columns, and copy the load log."""
    for table in TABLES:
        write_table(store, table, rows[table])
    store.comment(
        "catalog.checks", "What every check of this version found.", {n: t for n, (_, t) in CHECKS.items()}
    )
    store.replace("catalog.loads", "SELECT * FROM raw.loads ORDER BY load_id")
    store.comment("catalog.loads", "Every file or query landed, one row each.", LOADS)
    store.replace(
        "catalog.rejects",
        "SELECT feed, file, line, column_name, reason FROM raw.rejects"
        " SEMI JOIN (SELECT load_id FROM raw.loads WHERE in_force) loads ON load_id = _load_id"
        " ORDER BY feed, file, line, column_name",
    )
    store.comment(
        "catalog.rejects",
        "Every row rejected of deliveries in force and why; its text stays in the landing zone.",
        {},
    )


def write_table(store: Store, table: str, rows: Rows) -> None:
    """Make one table of the catalogue anew from rows in the order of its columns."""
    description, columns = TABLES[table]
    schema = {name: dtype for name, (dtype, _) in columns.items()}
    store.replace(table, pl.DataFrame(list(rows), schema=schema, orient="row"))
    store.comment(table, description, {name: text for name, (_, text) in columns.items()})


def read_columns(store: Store, table: str, descriptions: Mapping[str, str]) -> Rows:
    """Rows of catalog.columns for one table."""
    return [
        (table, name, position, dtype, descriptions.get(name, ""))
        for position, (name, dtype) in enumerate(store.columns(table).items(), 1)
    ]
