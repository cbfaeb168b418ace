"""Keys that meet nothing are counted, shown and explained; a feed that was not delivered is no join."""

from collections.abc import Iterator
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from straight_into_raw import deliver

from orchestration.build import Run, make, open_session
from orchestration.models import models
from transforms.joins import JOINS
from transforms.kpi.declared_needs import asked_of_feeds, declared_needs
from transforms.kpi.every_period import READS
from transforms.kpi.registry import registry
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import KeySettings, Settings
from warehouse.contract import contracts
from warehouse.folder import Folder
from warehouse.landing.latest import open_latest
from warehouse.landing.raw_tables import create_raw
from warehouse.landing.withdrawal import withdraw
from warehouse.store import Store

AS_OF = date(2025, 6, 30)
GRAPH = models()
CODES = ("persistency_13m_policy_share", "complaints_received_count")
RECORDED = {"item": pl.String, "recorded_from": pl.Date}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store whose session is open; what is delivered later is read once `open_latest` has looked again."""
    with Store(Folder(tmp_path_factory.mktemp("keys"))) as opened:
        create_raw(opened.con)
        open_session(opened, run_with(KeySettings()), GRAPH)
        yield opened


def run_with(keys: KeySettings) -> Run:
    return Run(AS_OF, Settings(time_zone="UTC", keys=keys), (AS_OF.replace(day=1),))


def write(store: Store, load_id: int, feed: str, columns: dict[str, list[object]]) -> None:
    """Deliver a feed that holds these columns and no others."""
    rows = pl.DataFrame(columns, strict=False).cast(dict.fromkeys(columns, pl.String))
    store.con.register("written", rows)
    deliver(store, feed, "FROM written", load_id=load_id)
    store.con.unregister("written")


def empty(store: Store) -> None:
    for table in (*contracts(), "loads", "files"):
        store.con.execute(f"DELETE FROM raw.{table}")


def counted(store: Store, keys: KeySettings | None = None) -> pl.DataFrame:
    """core.key_matches of what is in raw now."""
    open_latest(store.con)
    make(store, GRAPH["core.key_matches"], run_with(keys or KeySettings()), GRAPH)
    return store.read("core.key_matches")


def matched(
    store: Store, *, keys: KeySettings | None = None, **feeds: dict[str, list[object]]
) -> pl.DataFrame:
    """core.key_matches of these feeds, each delivered once."""
    empty(store)
    for load_id, (feed, columns) in enumerate(feeds.items(), 1):
        write(store, load_id, feed, columns)
    return counted(store, keys)


def test_every_join_names_columns_that_the_contracts_have() -> None:
    for join in JOINS:
        columns = contracts()[join.feed].columns
        assert join.to_column in contracts()[join.to_feed].columns
        assert (columns[join.column].personal == "id") == join.is_personal


@given(
    st.sets(st.integers(1, 40), min_size=1),
    st.lists(st.integers(1, 40) | st.none(), min_size=1, max_size=60),
)
@settings(max_examples=8)
def test_rows_with_a_key_meet_or_are_orphans(store: Store, issued: set[int], named: list[int | None]) -> None:
    found = matched(store, policies={"policy_id": [*issued]}, premiums={"policy_id": named})
    keys = [key for key in named if key is not None]
    if not keys:
        assert found.is_empty()
        return
    (row,) = found.rows(named=True)
    orphans = [key for key in keys if key not in issued]
    assert (row["n_rows"], row["n_orphans"], row["n_orphan_keys"]) == (
        len(keys),
        len(orphans),
        len(set(orphans)),
    )
    assert row["n_met"] + row["n_orphans"] == row["n_rows"]
    assert row["met_share"] == pytest.approx(1 - len(orphans) / len(keys))
    assert row["is_broken"] == (2 * len(orphans) > len(keys))


@pytest.mark.parametrize(
    ("written", "named", "reason"),
    [
        (["00017", "00018"], ["17", "18"], "leading zeros"),
        (["PX17", "PX18"], ["px17", "px18"], "letters in upper and lower case"),
        (["P 17", "P 18"], ["P17", "P18"], "spaces"),
        (["POL-17", "POL-18"], ["17", "18"], "what stands before the first digit"),
        (["17", "18"], ["17.0", "18.0"], "decimals of a number"),
        (["POL-0017", "POL-0018"], ["17.0", "18.0"], "several of these"),
        (["17", "18"], ["3017", "3018"], None),
    ],
)
def test_why_keys_do_not_meet_is_seen(
    store: Store, written: list[str], named: list[str], reason: str | None
) -> None:
    found = matched(
        store, policies={"policy_id": written}, claim_events={"claim_id": ["a", "b"], "policy_id": named}
    )
    (row,) = found.rows(named=True)
    assert row["examples"] == ", ".join(sorted(named))
    assert not row["is_broken"]  # claims are claims without their policies, too
    if reason is None:
        assert row["likely_reason"] is None
    else:
        assert row["likely_reason"].startswith(f"{reason}: 2 of 2 keys")
        assert named[0] in row["likely_reason"] and written[0] in row["likely_reason"]


@pytest.mark.parametrize(("variant", "lost", "status"), [
    ("default", (), "ok"),
    ("default", ("premiums",), "no_data"),
    ("default", ("policy_events",), "ok"),
    ("in_force", ("premiums",), "ok"),
    ("in_force", ("policy_events",), "no_data"),
])  # fmt: skip
def test_kpis_that_need_a_feed_whose_keys_are_lost_have_no_data(variant, lost, status) -> None:
    """All of 200 policies persist; whose payments or ends met nobody is not known to."""
    settings = Settings(time_zone="UTC", months=1, cuts=("company",), persistency={"variant": variant})
    schemas = {table: GRAPH[table].model.schema for table in READS.values()}
    facts = {table: pl.LazyFrame(schema=schema) for table, schema in schemas.items()}
    persisting = {"duration_months": 13, "issued_month": date(2024, 1, 1), "matures_on": date(2025, 3, 1)}
    rows = [{"policy_id": str(i), "eligible": True, "persisting": True, **persisting} for i in range(200)]
    facts["core.persistency"] = pl.LazyFrame(rows, schema=schemas["core.persistency"])
    recorded = pl.DataFrame(
        [(item, date(2020, 1, 1)) for item in asked_of_feeds(settings)],
        schema=RECORDED,
        orient="row",
    )
    kpis = [kpi for kpi in registry(settings) if kpi.code in CODES]
    june = month_periods([AS_OF.replace(day=1)])
    found = kpi_records(
        facts,
        kpis,
        june,
        as_of=AS_OF,
        settings=settings,
        needs=declared_needs(settings),
        recorded=recorded,
        lost=lost,
    )
    of = {row["kpi"]: row for row in found.filter(basis="cohort").iter_rows(named=True)}
    assert of["persistency_13m_policy_share"]["status"] == status
    assert of["persistency_13m_policy_share"]["value"] == (1.0 if status == "ok" else None)
    assert of["complaints_received_count"]["value"] == 0


def test_nothing_is_shown_of_pseudonyms(store: Store) -> None:
    found = matched(
        store,
        policies={"policy_id": ["1"], "customer_id": ["aaa"]},
        complaints={"complaint_id": ["k"], "customer_id": ["bbb"]},
    )
    (row,) = found.rows(named=True)
    assert (row["from_column"], row["n_orphans"], row["examples"], row["likely_reason"]) == (
        "customer_id", 1, None, None,
    )  # fmt: skip


def test_rows_that_were_replaced_or_withdrawn_neither_name_nor_are_named(store: Store) -> None:
    empty(store)

    def met() -> dict[str, tuple[int, int]]:
        found = counted(store).select("from_feed", "n_rows", "n_orphans")
        return {feed: (rows, orphans) for feed, rows, orphans in found.iter_rows()}

    write(store, 1, "policies", {"policy_id": ["1", "2"]})
    write(store, 2, "premiums", {"policy_id": ["2", "3", "4"]})
    write(store, 3, "complaints", {"complaint_id": ["a", "b"], "policy_id": ["1", "2"]})
    assert met() == {"premiums": (3, 2), "complaints": (2, 0)}
    write(store, 4, "premiums", {"policy_id": ["1", "2"]})
    write(store, 5, "policies", {"policy_id": ["1", "3", "4"]})
    assert met() == {"premiums": (2, 1), "complaints": (2, 1)}
    withdraw(store.con, "4", "sent too early")
    withdraw(store.con, "complaints.csv", "not ours")
    assert met() == {"premiums": (3, 1)}


def test_a_value_that_names_no_unit_is_no_key(store: Store) -> None:
    found = matched(store, org_units={"org_unit": ["B1"]}, exposures={"org_unit": ["all", "B1", "B2"]})
    (row,) = found.rows(named=True)
    assert (row["n_rows"], row["n_orphans"], row["warns_from_share"]) == (2, 1, 0.0)


def test_the_project_sets_limits_by_join(store: Store) -> None:
    limits = KeySettings(max_orphan_share=0.5, max_orphan_share_of={"premiums.policy_id": 0.1})
    found = matched(
        store,
        keys=limits,
        policies={"policy_id": ["1"]},
        premiums={"policy_id": ["1"]},
        policy_events={"policy_id": ["1"]},
    )
    shares = dict(found.select("from_feed", "limit_share").iter_rows())
    assert shares == {"premiums": 0.1, "policy_events": 0.5}
    with pytest.raises(ValueError, match=r"no join goes by premiums\.policy"):
        Settings(keys=KeySettings(max_orphan_share_of={"premiums.policy": 0.1}))
