"""Asks the tables whether what must hold does hold, by Great Expectations on the store's own connection.

Great Expectations takes seconds to import, so only the functions here import it; what must hold is `suites.py`. A
check's own query it would run twice, to no other end than to count rows, so that is done here.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from expectations.suites import QUERY_TYPE, Check

if TYPE_CHECKING:
    import duckdb

EXAMPLES = 5
# No expectation in use reads more rows; without a bound GX would fetch whole tables only to see their columns.
ROWS_FETCHED = 200
_VIOLATIONS = '"violations of a check"'


class CheckError(Exception):
    """A check that could not be carried out, which says nothing about the data."""


@dataclass(frozen=True)
class Result:
    """What a check found.

    `unexpected_count` is the number of violating rows or values, None where the check is not about rows;
    `violations` are a few of them, as texts by column; `seconds` is the check's own query, or its share of what the
    checks of a table that have none take together.
    """

    check: Check
    passed: bool
    observed: str
    unexpected_count: int | None
    violations: tuple[Mapping[str, str], ...]
    seconds: float

    @property
    def examples(self) -> tuple[str, ...]:
        """The violations as texts: of rows `column=value, …`, of values of one column the values."""
        if self.check.type != QUERY_TYPE:
            return tuple(value for violation in self.violations for value in violation.values())
        return tuple(
            ", ".join(f"{name}={value}" for name, value in violation.items()) for violation in self.violations
        )


def preload() -> None:
    """Import Great Expectations, for a thread that does so while other work goes on."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations.expectations  # noqa: F401


def run_checks(con: "duckdb.DuckDBPyConnection", checks: Iterable[Check]) -> list[Result]:
    """The results of the checks, in their order, from a store's connection whose work is committed.

    Raises CheckError if a check cannot be carried out, for instance because a table or column is missing.
    """
    chosen = list(checks)
    if not chosen:
        return []
    with closing(con.cursor()) as cursor:
        cursor.execute("SET TimeZone = 'UTC'")
        found = {check: _of_query(cursor, check) for check in chosen if check.type == QUERY_TYPE}
        found |= _of_columns(cursor, [check for check in chosen if check.type != QUERY_TYPE])
    return [found[check] for check in chosen]


def _of_query(cursor: "duckdb.DuckDBPyConnection", check: Check) -> Result:
    """The result of a check whose query gives the rows that violate it."""
    begin = perf_counter()
    try:
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_VIOLATIONS} AS {check.sql}")
    except Exception as error:
        raise CheckError(f"{_place(check)} could not be carried out: {error}") from error
    count = cursor.execute(f"SELECT count(*) FROM temp.{_VIOLATIONS}").fetchall()[0][0]
    observed = f"{count:,} violation{'' if count == 1 else 's'}"
    rows = _rows(cursor) if count else ()
    return Result(check, count == 0, observed, count, rows, perf_counter() - begin)


def _of_columns(cursor: "duckdb.DuckDBPyConnection", checks: Sequence[Check]) -> dict[Check, Result]:
    """The results of checks of GX's own on columns and tables."""
    by_table: dict[str, list[Check]] = {}
    for check in checks:
        by_table.setdefault(check.table, []).append(check)
    source = _data_source(cursor) if by_table else None
    found = (_table_results(source, table, members) for table, members in by_table.items())
    return {result.check: result for results in found for result in results}


def _data_source(cursor: "duckdb.DuckDBPyConnection") -> Any:
    """A GX data source on the cursor: nothing is written, sent or shown."""
    preload()
    import duckdb_engine
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from sqlalchemy import event
    from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
    from sqlalchemy.pool import StaticPool

    configuration = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    context = gx.get_context(mode="ephemeral", project_config=configuration)
    source = context.data_sources.add_sql(  # type: ignore[call-arg]
        name="warehouse",
        connection_string="duckdb://",
        create_temp_table=False,
        # Passed on to SQLAlchemy; the stub of add_sql does not know it.
        kwargs={"creator": lambda: duckdb_engine.ConnectionWrapper(cursor), "poolclass": StaticPool},
    )

    # GX closes its connection before it fetches (its issues 10738 and 11579), so rows are fetched beforehand.
    @event.listens_for(source.get_execution_engine().engine, "after_cursor_execute")
    def fetch_before_close(
        connection: Any, executed: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        if executed.description:
            context.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                executed, initial_buffer=executed.fetchmany(ROWS_FETCHED)
            )

    return source


def _table_results(source: Any, table: str, checks: Sequence[Check]) -> list[Result]:
    """The results of the checks of one table, as one GX batch."""
    begin = perf_counter()
    outcomes = _validated(source, table, checks)
    seconds = (perf_counter() - begin) / len(checks)
    return [_result(check, outcomes[check.name], seconds) for check in checks]


def _validated(source: Any, table: str, checks: Sequence[Check]) -> dict[str, Any]:
    """GX's outcome of each check by name; an exception in any of them is an error, never a failure."""
    import great_expectations as gx

    names = ", ".join(check.name for check in checks)
    try:
        asset = source.add_query_asset(table, query=f"SELECT * FROM {table}")
        batch = asset.get_batch(asset.build_batch_request())
        suite = gx.ExpectationSuite(name=table, expectations=[_configuration(check) for check in checks])
        result_format = {"result_format": "SUMMARY", "partial_unexpected_count": EXAMPLES}
        outcomes = batch.validate(suite, result_format=result_format).results
    except Exception as error:
        raise CheckError(f"checks of {table} ({names}) could not be carried out: {error}") from error
    by_name = {outcome.expectation_config.meta["name"]: outcome for outcome in outcomes}
    for check in checks:
        if check.name not in by_name:
            raise CheckError(f"{_place(check)} has no result")
        message = _exception(by_name[check.name].exception_info)
        if message is not None:
            raise CheckError(f"{_place(check)} could not be carried out: {message}")
    return by_name


def _configuration(check: Check) -> dict[str, Any]:
    kwargs = dict(check.kwargs)
    return {"type": check.type, "kwargs": kwargs, "severity": check.severity, "meta": {"name": check.name}}


def _exception(info: Mapping[str, Any]) -> str | None:
    """The exception in GX's `exception_info`: one record, or one for each metric."""
    records = [info] if "raised_exception" in info else list(info.values())
    return next((str(r["exception_message"]) for r in records if r["raised_exception"]), None)


def _result(check: Check, outcome: Any, seconds: float) -> Result:
    found = outcome.result
    if "observed_value" in found:
        return Result(check, outcome.success, f"{found['observed_value']:,} rows", None, (), seconds)
    count = int(found["unexpected_count"] or 0)
    observed = f"{count:,} of {found['element_count']:,} values of {check.kwargs['column']}"
    values = dict.fromkeys(map(str, found["partial_unexpected_list"]))
    violations = tuple({check.kwargs["column"]: value} for value in values)
    return Result(check, outcome.success, observed, count, violations, seconds)


def _rows(cursor: "duckdb.DuckDBPyConnection") -> tuple[Mapping[str, str], ...]:
    """A few violations; of landed rows the file and line first."""
    found = f"temp.{_VIOLATIONS}"
    columns = cursor.execute(f"DESCRIBE {found}").fetchall()
    if "_load_id" in {name for name, *_ in columns}:
        found = f"""(
            SELECT file, _line AS line, violations.* EXCLUDE (_load_id, _line)
            FROM {found} AS violations LEFT JOIN raw.loads ON load_id = _load_id
        )"""
    rows = cursor.execute(f"SELECT * FROM {found} LIMIT {EXAMPLES}")
    names = [column[0] for column in rows.description or ()]
    return tuple(dict(zip(names, map(str, row), strict=True)) for row in rows.fetchall())


def _place(check: Check) -> str:
    return f"check {check.name} of {check.table}"
