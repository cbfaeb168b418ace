"""Which records read otherwise than they did: never fewer than do, and no others where deliveries are plain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.contract import contracts
from warehouse.landing.latest import open_latest
from warehouse.landing.touched import known_now, touch
from warehouse.landing.withdrawal import withdraw

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone
    from warehouse.contract import Contract

Row = tuple[object, ...]
COMPLAINTS = """
complaints:
  - files: "c*.csv"
    name: log
    columns: {{complaint_id: id, received_on: {{constant: 2025-01-05}}, category: matter, org_unit: unit,
              recorded_at: at}}
    max_shrink_share: 1
    max_reject_share: 1
    delivery: {}
"""
# Keys are made of what the source has, so that what can happen once to a claim is told by the claim.
EVENTS = """
claim_events:
  - files: "c*.csv"
    name: log
    columns: {{claim_id: id, event: {{column: matter, codes: {{a: reported, b: paid, c: reopened}}}}, event_at: at}}
    max_shrink_share: 1
    max_reject_share: 1
    delivery: {}
"""
WIDE = """
claim_events:
  - files: "c*.csv"
    name: log
    columns: {{claim_id: id}}
    wide: {{into: event, at: event_at, from: {{reported: rep, paid: at}}}}
    max_shrink_share: 1
    max_reject_share: 1
    delivery: {}
"""
FEEDS = {"complaints": COMPLAINTS, "events": EVENTS, "wide": WIDE}
_DAYS = [f"2025-01-{day:02}" for day in (1, 2, 3, 4)]
_ROW = st.tuples(
    st.sampled_from(["1", "2", "3"]), st.sampled_from("abc"), st.sampled_from("NS"), st.sampled_from(["", *_DAYS]),
    st.sampled_from(["", *_DAYS]),
)  # fmt: skip
_FILE = st.tuples(
    st.just("deliver"), st.sampled_from(["c_1.csv", "c_2.csv", "c_10.csv"]), st.lists(_ROW, max_size=4)
)
_STEP = st.one_of(
    _FILE,
    _FILE,
    st.tuples(st.just("withdraw"), st.integers(0, 4)),
    st.tuples(
        st.just("as_of"), st.sampled_from(["2025-01-02 00:00", "2025-01-03 12:00", "2026-01-01 00:00"])
    ),
    st.tuples(
        st.just("delivery"),
        st.sampled_from(["replace_file", "append", "snapshot", "snapshot\n    snapshot_of: org_unit"]),
    ),
)


@pytest.fixture(autouse=True)
def session(zone: Zone) -> None:
    zone.con.execute("ATTACH ':memory:' AS latest; ATTACH ':memory:' AS known; ATTACH ':memory:' AS staging")


def only(feed: str) -> dict[str, Contract]:
    return {feed: contracts()[feed]}


def as_of(zone: Zone, until: str) -> None:
    zone.con.execute(f"CREATE OR REPLACE TABLE staging.as_of AS SELECT TIMESTAMPTZ '{until}+00' AS ends_at")


def deliver(zone: Zone, name: str, rows: list[tuple[str, ...]], mapping: str, number: int) -> None:
    # Every content is another, so that none is one that came before.
    lines = [*(",".join(row) for row in rows), f"k{number},a,N,2025-01-01,2025-01-01"]
    zone.write(name, "\n".join(["id,matter,unit,at,rep", *lines]) + "\n")
    zone.land(mapping)


def walk(zone: Zone, kind: str, steps: list[tuple[object, ...]], start: int, delivery: str) -> str:
    """Do what the steps say; returns how the source delivers after them."""
    for number, (what, *how) in enumerate(steps, start):
        if what == "deliver":
            deliver(zone, *how, FEEDS[kind].format(delivery), number)  # type: ignore[arg-type]
        elif what == "withdraw":
            found = zone.rows("SELECT DISTINCT load_id FROM raw.files WHERE withdrawn_at IS NULL ORDER BY 1")
            if found:
                withdraw(zone.con, str(found[int(str(how[0])) % len(found)][0]), "wrong")
        elif what == "as_of":
            as_of(zone, str(how[0]))
        elif "snapshot_of" not in str(how[0]) or kind == "complaints":
            delivery = str(how[0])
    return delivery


def latest(zone: Zone, feed: str) -> set[Row]:
    """The latest records, each with its key first."""
    open_latest(zone.con, only(feed))
    columns = ", ".join(contracts()[feed].columns)
    key = contracts()[feed].key[0]
    return set(zone.rows(f"SELECT {key}, {columns} FROM latest.{feed}"))


def emptied(zone: Zone) -> None:
    for path in zone.folder.glob("c*"):
        path.unlink()
    zone.con.execute("DETACH raw; ATTACH ':memory:' AS raw")
    as_of(zone, "2026-01-01 00:00")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    kind=st.sampled_from(sorted(FEEDS)),
    before=st.lists(_STEP, min_size=1, max_size=4),
    after=st.lists(_STEP, min_size=1, max_size=4),
)
def test_whoever_reads_otherwise_is_touched(
    kind: str, before: list[tuple[object, ...]], after: list[tuple[object, ...]], zone: Zone
) -> None:
    emptied(zone)
    feed = "complaints" if kind == "complaints" else "claim_events"
    deliver(zone, "c_1.csv", [], FEEDS[kind].format("replace_file"), 0)
    delivery = walk(zone, kind, before, 1, "replace_file")
    then, known = latest(zone, feed), known_now(zone.con, only(feed))
    walk(zone, kind, after, 100, delivery)
    differing = {str(row[0]) for row in then ^ latest(zone, feed)}
    if touch(zone.con, known, only(feed))[feed] is None:
        return
    touched = {str(row[0]) for row in zone.rows(f"SELECT * FROM latest.{feed}_touched")}
    # Several things under one made key are numbered.
    assert all(key in touched or key.rpartition("|")[0] in touched for key in differing)


_STATE = st.dictionaries(st.sampled_from("123456"), st.sampled_from("abc"), max_size=5)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    states=st.lists(_STATE, min_size=2, max_size=4),
    delivery=st.sampled_from(["replace_file", "snapshot"]),
)
def test_by_one_file_delivered_anew_nobody_else_is(
    states: list[dict[str, str]], delivery: str, zone: Zone
) -> None:
    emptied(zone)
    seen = []
    for number, state in enumerate(states):
        rows = [(key, matter, "N", "2025-01-01", "2025-01-01") for key, matter in state.items()]
        deliver(zone, "c_1.csv", rows, COMPLAINTS.format(delivery), number)
        seen.append((latest(zone, "complaints"), known_now(zone.con, only("complaints"))))
    # Who has gone and come again since an earlier one is touched although it reads the same.
    then, known = seen[-2]
    differing = {row[0] for row in then ^ seen[-1][0]}
    assert touch(zone.con, known, only("complaints"))["complaints"] == len(differing)
    assert {row[0] for row in zone.rows("SELECT * FROM latest.complaints_touched")} == differing


def test_who_is_touched_by_the_day_alone_is_whose_record_it_has_passed(zone: Zone) -> None:
    as_of(zone, "2025-01-01 12:00")
    rows = [("1", "a", "N", "2025-01-01", ""), ("2", "a", "N", "2025-01-02", ""), ("3", "a", "N", "", "")]
    deliver(zone, "c_1.csv", rows, COMPLAINTS.format("replace_file"), 0)
    open_latest(zone.con)
    known = known_now(zone.con)
    assert touch(zone.con, known)["complaints"] == 0
    as_of(zone, "2025-01-02 12:00")
    open_latest(zone.con)
    assert touch(zone.con, known)["complaints"] == 1
    assert zone.rows("SELECT * FROM latest.complaints_touched") == [("2",)]


def test_of_a_load_that_has_gone_nobody_can_tell(zone: Zone) -> None:
    as_of(zone, "2026-01-01 00:00")
    deliver(zone, "c_1.csv", [], COMPLAINTS.format("replace_file"), 0)
    open_latest(zone.con)
    known = known_now(zone.con)
    zone.land(COMPLAINTS.format("replace_file").replace("category: matter", "region: matter"))
    open_latest(zone.con)
    assert touch(zone.con, known)["complaints"] is None
    assert touch(zone.con, known)["policies"] == 0
