"""The assets, generated from the graph: one subsettable multi-asset a room, so that a run costs few steps.

No table is named here but the raw feeds' files and the publication; a new model is an asset by being there.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import dagster as dg

from expectations.suites import Check
from orchestration.asset_metadata import (
    columns_and_lineage,
    failed_rows,
    feed_schema,
    key_of,
    kpi_definitions,
    owners,
    personal_columns,
)
from orchestration.buckets import is_divisible
from orchestration.checks import asked_checks
from orchestration.data_age import Age
from orchestration.headlines import headlines
from orchestration.models import SESSION_SCHEMAS, asked_models, raw_table
from orchestration.project import Project
from orchestration.reasons import TRIES, reasons_for_people
from orchestration.session import Session
from transforms.graph import Node
from transforms.model import Transform
from transforms.periods import months_until

PUBLISHED = dg.AssetKey("published")
Held = dg.ResourceParam[Session]
VERSION_TAG = "policypulse/version"
"""Tag of a run: what it published."""
DEFINING = frozenset({"kpi.monthly", "kpi.periodic"})


def month_partitions(project: Project, as_of: date | None) -> dg.PartitionsDefinition[str]:
    """The months that KPIs are computed for, up to that of the as-of day; without one, up to the current month."""
    months = months_until(as_of or project.as_of(), project.settings.months)
    start = months[0].isoformat()
    if fixed := as_of or project.file.as_of:
        end = (fixed.replace(day=28) + timedelta(days=4)).replace(day=1)
        return dg.MonthlyPartitionsDefinition(start_date=start, end_date=end.isoformat())
    return dg.MonthlyPartitionsDefinition(start_date=start, end_offset=1)


def all_assets(project: Project, as_of: date | None) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Files, raw feeds, every room of the graph and the publication."""
    partitions = month_partitions(project, as_of)
    members: dict[tuple[str, bool], list[Node]] = {}
    graph, judged = asked_models(project), asked_checks(project)
    for node in graph.values():
        members.setdefault((node.schema, _is_partitioned(node)), []).append(node)
    rooms = [
        _room(
            f"{schema}_by_month" if partitioned else schema,
            nodes,
            graph,
            judged,
            partitions if partitioned else None,
            project,
        )
        for (schema, partitioned), nodes in members.items()
    ]
    return [*_files(project), _raw(project, judged), *rooms, _published(graph)]


def _is_partitioned(node: Node) -> bool:
    return isinstance(node.model, Transform) and node.model.partitioned_by is not None


def _files(project: Project) -> list[dg.AssetSpec]:
    """The files or queries that feeds are landed from, as the project names them."""
    return [
        dg.AssetSpec(
            ["files", feed],
            group_name="files",
            description="; ".join(", ".join(source.files) or "a database query" for source in sources),
            kinds={"file"},
        )
        for feed, sources in project.feeds.items()
    ]


def _raw(project: Project, judged: Sequence[Check]) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            ["raw", feed],
            deps=[dg.AssetKey(["files", feed])] if feed in project.feeds else [],
            group_name="raw",
            description=contract.description,
            kinds={"duckdb"},
            metadata={"dagster/table_name": f"raw.{feed}", "dagster/column_schema": feed_schema(contract)},
        )
        for feed, contract in project.contracts.items()
    ]

    personal = personal_columns(project.contracts)

    @dg.multi_asset(
        name="raw",
        specs=specs,
        check_specs=_check_specs(specs, judged),
        can_subset=True,
    )
    def raw(context: dg.AssetExecutionContext, warehouse: Held) -> Iterator[Any]:
        feeds = sorted(key.path[-1] for key in context.selected_asset_keys)
        with reasons_for_people(tries_left=TRIES - 1 - context.retry_number):
            loads = warehouse.land(feeds)
            ages = warehouse.data_ages()
        for feed in feeds:
            landed = [load for load in loads if load.feed == feed]
            counts = {
                name: sum(getattr(load, name) for load in landed)
                for name in ("rows_read", "rows_landed", "rows_unchanged", "rows_rejected", "rows_skipped")
            }
            rows = warehouse.rows(f"SELECT count(*) FROM raw.{feed}").item()
            metadata = {"dagster/row_count": rows, "files": len(landed), **counts, **_age(ages.get(feed))}
            yield dg.MaterializeResult(asset_key=["raw", feed], metadata=metadata)
        yield from _check_results(context, warehouse, personal)

    return raw


def _room(
    name: str,
    nodes: Sequence[Node],
    graph: Mapping[str, Node],
    judged: Sequence[Check],
    partitions: dg.PartitionsDefinition[str] | None,
    project: Project,
) -> dg.AssetsDefinition:
    specs = [_spec(node, graph, partitions, project) for node in nodes]
    personal = personal_columns(project.contracts)

    @dg.multi_asset(
        name=name,
        specs=specs,
        check_specs=_check_specs(specs, judged),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions else None,
    )
    def room(context: dg.AssetExecutionContext, warehouse: Held) -> Iterator[Any]:
        chosen = [node for node in nodes if key_of(node.name) in context.selected_asset_keys]
        if partitions and chosen:
            warehouse.only([date.fromisoformat(key) for key in context.partition_keys])
        for node in chosen:
            key = key_of(node.name)
            if node.schema == "staging":
                yield dg.MaterializeResult(asset_key=key, metadata=columns_and_lineage(node, warehouse))
                continue
            with reasons_for_people():
                made = warehouse.make(node.name)
            metadata = {"dagster/row_count": made.rows, "seconds": made.seconds, **made.told}
            shown = columns_and_lineage(node, warehouse)
            if partitions:
                for month, numbers in headlines(node, warehouse).items():
                    context.add_asset_metadata(numbers, key, month.isoformat())
                # Dagster shows those of the newest event, and an event of every month would keep them.
                context.add_asset_metadata(shown, key, warehouse.months[-1].isoformat())
                shown = {}
            yield dg.MaterializeResult(asset_key=key, metadata={**metadata, **shown})
        yield from _check_results(context, warehouse, personal)

    return room


def _kinds(node: Node, project: Project) -> set[str]:
    """What a table is made with."""
    if not isinstance(node.model, Transform):
        return {"sql", "duckdb"}
    elsewhere = project.file.engine != "local" and is_divisible(node.model)
    return {"polars", "duckdb", *(["spark"] if elsewhere else [])}


def _published(graph: Mapping[str, Node]) -> dg.AssetsDefinition:
    tables = [node for node in graph.values() if node.schema != "staging"]
    deps = [
        dg.AssetDep(
            key_of(n.name), partition_mapping=dg.AllPartitionMapping() if _is_partitioned(n) else None
        )
        for n in tables
    ]

    @dg.asset(
        key=PUBLISHED,
        deps=deps,
        group_name="published",
        kinds={"duckdb"},
        description="The version that analysts read: a copy of the build in which every blocking check passed.",
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36)),
    )
    def published(context: dg.AssetExecutionContext, warehouse: Held) -> dg.MaterializeResult[Any]:
        with reasons_for_people():
            version = warehouse.publish()
        context.instance.add_run_tags(context.run_id, {VERSION_TAG: version.stem})
        return dg.MaterializeResult(
            metadata={"version": version.name, "size_mib": version.stat().st_size / 2**20}
        )

    return published


def _spec(
    node: Node, graph: Mapping[str, Node], partitions: dg.PartitionsDefinition[str] | None, project: Project
) -> dg.AssetSpec:
    deps = []
    for feed in dict.fromkeys(raw_table(t) for t in node.reads if t.partition(".")[0] in SESSION_SCHEMAS):
        deps.append(dg.AssetDep(key_of(feed)))
    for table in node.reads:
        if table in graph:
            whole = _is_partitioned(graph[table]) and not partitions
            deps.append(
                dg.AssetDep(key_of(table), partition_mapping=dg.AllPartitionMapping() if whole else None)
            )
    return dg.AssetSpec(
        key_of(node.name),
        deps=deps,
        group_name=node.schema,
        description=node.description,
        owners=owners(node),
        kinds=_kinds(node, project),
        partitions_def=partitions,
        code_version=sha256(node.path.read_bytes()).hexdigest()[:12],
        metadata={
            "dagster/table_name": node.name,
            "grain": ", ".join(node.grain),
            "dagster/code_references": dg.CodeReferencesMetadataValue(
                code_references=[
                    dg.LocalFileCodeReference(
                        file_path=str(node.path), line_number=node.line, label=node.path.name
                    )
                ]
            ),
            **({"kpis": kpi_definitions(project.settings)} if node.name in DEFINING else {}),
        },
    )


def _check_specs(specs: Sequence[dg.AssetSpec], judged: Sequence[Check]) -> list[dg.AssetCheckSpec]:
    """The checks of some tables; each looks at the whole table, even at one that is made by month."""
    here = {spec.key for spec in specs}
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=key_of(check.table),
            description=check.description,
            blocking=check.blocking,
        )
        for check in judged
        if key_of(check.table) in here
    ]


def _check_results(
    context: dg.AssetExecutionContext, warehouse: Session, personal: Collection[str]
) -> Iterator[dg.AssetCheckResult]:
    """The checks of what was made, and any that were asked for on their own."""
    wanted = context.selected_asset_check_keys
    keys = context.selected_asset_keys | {check.asset_key for check in wanted}
    with reasons_for_people():
        results = warehouse.check(".".join(key.path) for key in keys)
    for result in results:
        asset_key = key_of(result.check.table)
        if dg.AssetCheckKey(asset_key, result.check.name) not in wanted:
            continue
        yield dg.AssetCheckResult(
            passed=result.passed,
            check_name=result.check.name,
            asset_key=asset_key,
            severity=dg.AssetCheckSeverity.ERROR if result.check.blocking else dg.AssetCheckSeverity.WARN,
            description=result.observed,
            metadata={
                "unexpected_count": result.unexpected_count or 0,
                "seconds": result.seconds,
                **failed_rows(result, personal),
            },
        )


def _age(behind: Age | None) -> Mapping[str, Any]:
    """How far behind the as-of day a feed is, as a number that the UI plots run by run."""
    return {} if behind is None else {"newest_on": behind.newest_on.isoformat(), "days_behind": behind.days}
