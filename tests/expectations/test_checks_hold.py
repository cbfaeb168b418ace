"""What must hold does hold of sound tables, and each check notices the damage it is there for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from small_warehouse import build
from violations import VIOLATIONS

from expectations.run import run_checks
from expectations.suites import Check, checks
from warehouse.store import Store

CHECKS = {(check.table, check.name): check for check in checks()}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with build(tmp_path_factory.mktemp("warehouse")) as built:
        yield built


@contextmanager
def damaged(store: Store, sql: str) -> Iterator[None]:
    """Carry out the damage for a while; tables are put back as they were."""
    table = re.search(r"(?:UPDATE|INTO|FROM) ([a-z]+\.[a-z_]+)", sql)[1]
    store.con.execute(f"CREATE OR REPLACE TEMP TABLE sound AS FROM {table}")
    (rows_touched,) = store.con.execute(sql).fetchone()
    try:
        assert rows_touched, f"{table} has no row to damage: the small insurer is too small"
        yield
    finally:
        store.con.execute(f"CREATE OR REPLACE TABLE {table} AS FROM sound")


def failures(store: Store, chosen: list[Check]) -> dict[str, str]:
    return {
        f"{r.check.table} {r.check.name}": str(r.examples)
        for r in run_checks(store.con, chosen)
        if not r.passed
    }


def test_every_check_has_a_violation_to_show() -> None:
    assert VIOLATIONS.keys() == CHECKS.keys()


def test_sound_tables_pass_every_check(store: Store) -> None:
    assert failures(store, list(checks())) == {}


@pytest.mark.parametrize(("table", "name"), sorted(VIOLATIONS))
def test_check_notices_its_violation(store: Store, table: str, name: str) -> None:
    check = CHECKS[table, name]
    with damaged(store, VIOLATIONS[table, name]):
        (result,) = run_checks(store.con, [check])
    assert not result.passed
    assert result.check is check
    if check.type != "expect_table_row_count_to_be_between":
        assert result.unexpected_count > 0
        assert result.examples


@pytest.mark.parametrize(
    "feeds", [(), ("complaints",), ("claim_events",), ("policies", "policy_events")], ids=str
)
def test_an_insurer_who_lacks_feeds_is_not_stopped(tmp_path, feeds: tuple[str, ...]) -> None:
    with build(tmp_path, feeds) as store:
        assert failures(store, [check for check in checks() if check.blocking]) == {}
