"""What Dagster shows of a table beside its rows: columns, where they come from, owners, KPI definitions, failed rows.

Only how it is put for Dagster; what it says comes from models, contracts, registry and checks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from expectations.run import Result
from orchestration.message import without_values
from orchestration.session import Session
from transforms.dictionary import dictionary_rows
from transforms.graph import SESSION_TABLES, Node
from transforms.lineage import Sources
from transforms.settings import Settings
from warehouse.catalogue import TABLES
from warehouse.contract import Contract, Contracts

DEFINED = ("kpi", "title", "unit", "definition", "formula", "counts", "source")
"""Of the columns of catalog.kpis those that Dagster shows."""
HIDDEN = "…"
SOURCES_NAMED = 4


def key_of(table: str) -> dg.AssetKey:
    """The asset of a table."""
    return dg.AssetKey(table.split("."))


def owners(node: Node) -> list[str] | None:
    """Who answers for a table, as a team; None where its model does not say."""
    return [f"team:{node.owner.replace(' ', '_')}"] if node.owner else None


def feed_schema(contract: Contract) -> dg.TableSchema:
    """The columns of a feed, as its contract has them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                column.duckdb_type,
                column.description,
                constraints=dg.TableColumnConstraints(nullable=not column.required),
            )
            for name, column in contract.columns.items()
        ]
    )


def columns_and_lineage(node: Node, warehouse: Session) -> Mapping[str, Any]:
    """The columns of a table that has been made, and from which columns they are made.

    Dagster's own UI does not draw the lineage of columns, though others that read its events do; so it is said in the
    description of each column as well.
    """
    deps = _sources(warehouse.sources(node))
    columns = [
        dg.TableColumn(
            name,
            dtype,
            f"{node.columns.get(name, '')}{_from(deps.get(name, []))}".strip(),
            dg.TableColumnConstraints(unique=(name,) == node.grain),
        )
        for name, dtype in warehouse.columns(node.name).items()
    ]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps),
    }


def _sources(rows: Iterable[Sources]) -> dict[str, list[dg.TableColumnDep]]:
    deps: dict[str, list[dg.TableColumnDep]] = {}
    # A raw column may be read by two views. Sources of which only the table is known are in the graph of assets, and
    # the tables of a session are no assets.
    for _, column, source, source_column in dict.fromkeys(rows):
        if source_column is not None and source not in SESSION_TABLES:
            deps.setdefault(column, []).append(dg.TableColumnDep(key_of(source), source_column))
    return deps


def _from(deps: Sequence[dg.TableColumnDep]) -> str:
    names = [".".join([*dep.asset_key.path, dep.column_name]) for dep in deps]
    more = " …" if len(names) > SOURCES_NAMED else ""
    return f" From {', '.join(names[:SOURCES_NAMED])}{more}." if names else ""


def kpi_definitions(settings: Settings) -> dg.TableMetadataValue:
    """The definitions of all KPIs of a project, one record each."""
    places = [list(TABLES["catalog.kpis"][1]).index(name) for name in DEFINED]
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord({name: str(row[place] or "") for name, place in zip(DEFINED, places, strict=True)})
            for row in dictionary_rows(settings)
        ]
    )


def personal_columns(contracts: Contracts) -> frozenset[str]:
    """The names of columns that are about people, in any feed."""
    return frozenset(
        name
        for contract in contracts.values()
        for name, column in contract.columns.items()
        if column.personal
    )


def failed_rows(result: Result, personal: Collection[str]) -> Mapping[str, Any]:
    """A few rows that broke a check, without what is about people; nothing of a check that passed."""
    if result.passed or not result.violations:
        return {}
    records = [
        {name: HIDDEN if name in personal else without_values(value) for name, value in row.items()}
        for row in result.violations
    ]
    return {"for_example": dg.MetadataValue.table([dg.TableRecord(record) for record in _filled(records)])}


def _filled(records: Sequence[Mapping[str, str]]) -> list[dict[str, str | int | float | bool]]:
    names = dict.fromkeys(name for record in records for name in record)
    return [{name: record.get(name, "") for name in names} for record in records]
