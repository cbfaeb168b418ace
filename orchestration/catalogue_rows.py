"""The rows of the catalogue that describe a project and what it has made.

What the catalogue's tables are is `warehouse/catalogue.py`; here they are filled from contracts and models.
"""

from collections.abc import Mapping
from pathlib import Path

from orchestration.build import RECORDED, Run
from orchestration.lineage import Lineage
from orchestration.own_files import OwnFiles
from transforms.dictionary import dictionary_rows
from transforms.framework_versions import catalogue_rows as version_rows
from transforms.framework_versions import versions
from transforms.graph import Node
from transforms.kpi_file import own_kpi_rows
from transforms.model import Transform
from transforms.pack import pack_rows
from transforms.sql_model import SqlModel
from transforms.units import unit_rows
from warehouse.catalogue import Rows, read_columns
from warehouse.history import FRAMEWORKS, published_specifications, scored_months
from warehouse.store import Store

ROOT = Path(__file__).parent.parent


def catalogue_rows(
    store: Store, run: Run, graph: Mapping[str, Node], own: OwnFiles, lineage: Lineage
) -> dict[str, Rows]:
    """The rows of every table of the catalogue, from contracts and models, among them a project's `own`."""
    recorded = store.read(RECORDED)
    columns: list[tuple[object, ...]] = []
    for feed, contract in run.contracts.items():
        texts = {name: column.description for name, column in contract.columns.items()}
        columns += read_columns(store, f"raw.{feed}", texts)
    for node in graph.values():
        columns += read_columns(store, node.name, node.columns)
    lineage_rows = [row for node in graph.values() for row in lineage.of(node)]
    return {
        "catalog.tables": _tables(store, run, graph, own),
        "catalog.columns": columns,
        "catalog.column_lineage": lineage_rows,
        "catalog.kpis": dictionary_rows(run.settings, recorded),
        "catalog.own_kpis": own_kpi_rows(run.settings.own_kpis),
        "catalog.recorded": recorded.sort("item").rows(),
        "catalog.units": unit_rows(),
        "catalog.packs": pack_rows(run.settings.packs),
        "catalog.frameworks": _frameworks(store, run),
    }


def _frameworks(store: Store, run: Run) -> Rows:
    found = versions(run.settings.frameworks, published_specifications(store, FRAMEWORKS), run.as_of)
    months = {
        (code, version): (first, last) for code, version, first, last in scored_months(store).iter_rows()
    }
    return version_rows(found, months)


def _tables(store: Store, run: Run, graph: Mapping[str, Node], own: OwnFiles) -> Rows:
    feeds = [
        (f"raw.{feed}", "feed", contract.description, ", ".join(contract.key), "",
         _contract_file(feed, run), store.count(f"raw.{feed}"), None)
        for feed, contract in run.contracts.items()
    ]  # fmt: skip
    made = [
        (
            node.name,
            "polars" if isinstance(node.model, Transform) else "sql",
            node.description,
            ", ".join(node.grain),
            node.owner,
            source_file(node, own),
            store.count(node.name) if node.schema != "staging" else None,
            (node.model.example or None) if isinstance(node.model, SqlModel) else None,
        )
        for node in graph.values()
    ]
    return [*feeds, *made]


def _contract_file(feed: str, run: Run) -> str:
    """The file of a feed's contract: ours, or the project's."""
    own = {declared.feed: declared.path for declared in run.settings.own_feeds}
    return f"contracts/{own[feed].name}" if feed in own else f"warehouse/contracts/{feed}.yml"


def source_file(node: Node, own: OwnFiles) -> str:
    """The file that defines a table, as seen from the installation, the project's folder or the user's environment."""
    if not own.has(node.path):
        return str(node.path.relative_to(ROOT))
    if isinstance(node.model, Transform):
        return f"{node.model.function.__module__.replace('.', '/')}.py"
    return str(node.path.relative_to(own.folder or ROOT))
