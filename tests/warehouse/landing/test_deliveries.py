"""What deliveries bring, correct and take back: by file, by snapshot, in any order of arrival, and withdrawn."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.warehouse.landing.conftest import Zone
from warehouse.landing.latest import open_latest
from warehouse.landing.loads import Load
from warehouse.landing.raw_tables import create_raw
from warehouse.landing.repeats import equal_rows, find_repeats
from warehouse.landing.withdrawal import NothingToWithdraw, withdraw

if TYPE_CHECKING:
    from pathlib import Path

COMPLAINTS = """
complaints:
  - files: "c*.csv"
    columns:
      complaint_id: id
      received_on: {constant: 2025-01-05}
      category: matter
      org_unit: {column: unit, optional: true}
    max_shrink_share: 1
"""
WIDE = """
claim_events:
  - files: "*.csv"
    columns: {claim_id: id}
    wide: {into: event, at: event_at, from: {reported: rep, decided: dec, paid: pay}}
"""
EVENTS = """
claim_events:
  - files: "*.csv"
    columns: {claim_id: id, event: ev, event_at: at, amount: amt}
"""
STATE = "SELECT complaint_id, category FROM latest.complaints ORDER BY ALL"


def latest(zone: Zone, sql: str = STATE) -> list[tuple[object, ...]]:
    """What readers of the latest records see."""
    open_latest(zone.con)
    find_repeats(zone.con)
    return zone.rows(sql)


@pytest.fixture(autouse=True)
def session(zone: Zone) -> None:
    zone.con.execute("ATTACH ':memory:' AS latest; ATTACH ':memory:' AS known; ATTACH ':memory:' AS staging")
    zone.con.execute("CREATE TABLE staging.as_of AS SELECT TIMESTAMPTZ '2026-01-01 00:00:00+00' AS ends_at")


def csv(*rows: str, header: str = "id,matter") -> str:
    return "\n".join([header, *rows]) + "\n"


def counts(load: Load) -> tuple[int, ...]:
    return (
        load.rows_landed,
        load.rows_unchanged,
        load.rows_added,
        load.rows_corrected,
        load.rows_replaced,
        load.rows_taken_back,
    )


def test_a_changed_file_replaces_what_it_brought(zone: Zone) -> None:
    zone.write("c.csv", csv("1,claims", "2,sales", "3,service"))
    (load,) = zone.land(COMPLAINTS)
    assert counts(load) == (3, 0, 3, 0, 0, 0)
    zone.write("c.csv", csv("1,claims", "2,surrender", "4,new"))
    (load,) = zone.land()
    assert counts(load) == (2, 1, 1, 1, 1, 1)
    assert latest(zone) == [("1", "claims"), ("2", "surrender"), ("4", "new")]
    assert zone.rows("SELECT _load_id, _last_load_id FROM raw.complaints WHERE complaint_id = '1'") == [
        (1, 2)
    ]
    zone.write("c.csv", csv("1,claims", "2,sales", "3,service"))
    assert zone.land() == []
    assert latest(zone) == [("1", "claims"), ("2", "sales"), ("3", "service")]


def test_a_later_file_adds_and_corrects(zone: Zone) -> None:
    zone.write("c_9.csv", csv("1,claims", "2,sales"))
    zone.write("c_10.csv", csv("2,surrender", "3,new"))
    first, second = zone.land(COMPLAINTS)
    assert (first.file, second.file) == ("c_10.csv", "c_9.csv")
    assert latest(zone) == [("1", "claims"), ("2", "surrender"), ("3", "new")]


def test_files_can_be_ordered_by_their_time(zone: Zone) -> None:
    zone.write("c_1.csv", csv("1,late"))
    zone.write("c_2.csv", csv("1,early"))
    os.utime(zone.folder / "c_2.csv", ns=(1, 1))
    zone.land(COMPLAINTS)
    assert latest(zone) == [("1", "early")]
    zone.land(COMPLAINTS.replace("max_shrink_share", "ordered_by: modified\n    max_shrink_share"))
    assert latest(zone) == [("1", "late")]


def test_appended_files_take_nothing_back(zone: Zone) -> None:
    append = COMPLAINTS.replace("max_shrink_share: 1", "delivery: append")
    zone.write("c.csv", csv("1,claims", "2,sales"))
    zone.land(append)
    zone.write("c.csv", csv("2,sales", "3,new"))
    (load,) = zone.land()
    assert counts(load) == (1, 1, 1, 0, 0, 0)
    assert latest(zone) == [("1", "claims"), ("2", "sales"), ("3", "new")]


def test_a_snapshot_is_the_whole_state(zone: Zone) -> None:
    snapshot = COMPLAINTS.replace("max_shrink_share: 1", "delivery: snapshot")
    zone.write("c_2.csv", csv("1,claims", "2,sales"))
    zone.land(snapshot)
    zone.write("c_10.csv", csv("1,claims", "3,new"))
    (load,) = zone.land()
    assert counts(load) == (1, 1, 1, 0, 0, 1)
    assert latest(zone) == [("1", "claims"), ("3", "new")]
    zone.write("c_9.csv", csv("7,old"))
    zone.land()
    assert latest(zone) == [("1", "claims"), ("3", "new")]


def test_a_snapshot_of_units_leaves_other_units_alone(zone: Zone) -> None:
    snapshot = COMPLAINTS.replace("max_shrink_share: 1", "delivery: snapshot\n    snapshot_of: org_unit")
    header = "id,matter,unit"
    zone.write("c_1.csv", csv("1,a,N", "2,b,N", "3,c,S", header=header))
    zone.land(snapshot)
    zone.write("c_2.csv", csv("2,b,N", "4,d,N", header=header))
    (load,) = zone.land()
    assert counts(load) == (1, 1, 1, 0, 0, 1)
    assert latest(zone) == [("2", "b"), ("3", "c"), ("4", "d")]
    zone.write("c_3.csv", csv("3,changed,S", header=header))
    zone.land()
    assert latest(zone) == [("2", "b"), ("3", "changed"), ("4", "d")]


def test_a_query_is_a_snapshot(zone: Zone) -> None:
    import sqlite3

    with sqlite3.connect(zone.folder / "core.db") as database:
        database.execute("CREATE TABLE log (id, matter)")
        database.executemany("INSERT INTO log VALUES (?, ?)", [(1, "claims"), (2, "sales")])
    query = 'database: {connection: "sqlite:///core.db", query: "SELECT * FROM log ORDER BY id"}'
    zone.land(COMPLAINTS.replace('files: "c*.csv"', query))
    with sqlite3.connect(zone.folder / "core.db") as database:
        database.execute("DELETE FROM log WHERE id = 1")
    (load,) = zone.land()
    assert counts(load) == (0, 1, 0, 0, 0, 1)
    assert latest(zone) == [("2", "sales")]


def test_a_wide_record_is_one_state(zone: Zone) -> None:
    header = "id,rep,dec,pay"
    first = csv(
        "C1,2025-05-01 09:00,2025-05-02 09:00,2025-05-03 09:00", "C2,2025-05-01 09:00,,", header=header
    )
    zone.write("1.csv", first)
    zone.land(WIDE)
    zone.write("2.csv", csv("C1,2025-05-01 09:00,2025-05-12 09:00,", header=header))
    zone.land()
    day = "day(event_at AT TIME ZONE 'Asia/Shanghai')"
    instants = f"SELECT claim_id, event, {day} FROM latest.claim_events ORDER BY ALL"
    state = [("C1", "decided", 12), ("C1", "reported", 1), ("C2", "reported", 1)]
    assert latest(zone, instants) == state
    withdraw(zone.con, "2.csv", "a test")
    assert len(latest(zone, instants)) == 4


def test_rows_of_one_made_key_in_one_delivery_are_several_things(zone: Zone) -> None:
    header = "id,ev,at,amt"
    zone.write(
        "1.csv",
        csv("C1,paid,2025-05-05,1000", "C1,paid,2025-05-05,500", "C1,paid,2025-05-05,500", header=header),
    )
    zone.land(EVENTS)
    amounts = "SELECT amount::INTEGER FROM latest.claim_events ORDER BY ALL"
    assert latest(zone, amounts) == [(500,), (1000,)]
    assert latest(zone, "SELECT count(DISTINCT event_id) FROM latest.claim_events") == [(2,)]
    zone.write("2.csv", csv("C1,paid,2025-05-05,900", header=header))
    zone.land()
    assert latest(zone, amounts) == [(900,)]


def test_another_day_of_what_happens_once_corrects_the_day(zone: Zone) -> None:
    mapping = """
policy_events:
  - files: "*.csv"
    columns: {policy_id: id, event: ev, effective_on: day, amount: amt}
"""
    header = "id,ev,day,amt"
    zone.write(
        "1.csv",
        csv(
            "P1,surrender,2025-03-05,500",
            "P2,surrender,2025-01-05,1",
            "P2,reinstatement,2025-02-05,",
            "P2,surrender,2025-03-05,2",
            "P3,partial_surrender,2025-05-05,1",
            header=header,
        ),
    )
    zone.land(mapping)
    zone.write("2.csv", csv("P1,surrender,2025-06-05,500", "P2,surrender,2025-03-09,3", header=header))
    zone.write("3.csv", csv("P3,partial_surrender,2025-05-06,2", header=header))
    zone.land()
    assert latest(
        zone,
        "SELECT policy_id, strftime(effective_on, '%m-%d'), amount::INTEGER FROM latest.policy_events"
        " WHERE event <> 'reinstatement' ORDER BY ALL",
    ) == [
        ("P1", "06-05", 500),
        ("P2", "01-05", 1),
        ("P2", "03-09", 3),
        ("P3", "05-05", 1),
        ("P3", "05-06", 2),
    ]


def test_a_delivery_that_shrinks_too_much_waits_until_it_is_accepted(zone: Zone) -> None:
    mapping = COMPLAINTS.replace("max_shrink_share: 1", "")
    zone.write("c.csv", csv(*(f"{n},x" for n in range(60))))
    zone.write("c_other.csv", csv("other,x"))
    zone.land(mapping)
    zone.write("c.csv", csv(*(f"{n},x" for n in range(10))))
    zone.write("c_other.csv", csv("other,changed"))
    told = zone.problem(mapping)
    assert "takes back 50 of the 60 rows" in told
    assert "policypulse run --accept c.csv" in told
    assert len(latest(zone)) == 61
    assert ("other", "changed") in latest(zone)
    assert zone.rows("SELECT count(*) FROM raw.loads") == [(3,)]
    (load,) = zone.land(mapping, accepted=["c.csv"])
    assert counts(load) == (0, 10, 0, 0, 0, 50)
    assert len(latest(zone)) == 11


def test_a_file_that_is_gone_keeps_its_rows_and_is_told_once(zone: Zone) -> None:
    zone.write("c_1.csv", csv("1,x"))
    zone.write("c_2.csv", csv("2,x"))
    zone.land(COMPLAINTS)
    (zone.folder / "c_1.csv").unlink()
    zone.land()
    assert [text for text in zone.noticed if "no longer there: c_1.csv" in text]
    zone.noticed.clear()
    zone.land()
    assert zone.noticed == []
    assert latest(zone) == [("1", "x"), ("2", "x")]
    assert withdraw(zone.con, "c_1.csv", "archived by mistake")[0].rows == 1
    assert latest(zone) == [("2", "x")]


def test_a_source_that_is_no_longer_named_keeps_its_rows_and_is_told(zone: Zone) -> None:
    zone.write("c_1.csv", csv("1,x"))
    zone.write("d_1.csv", csv("2,x"))
    zone.land(COMPLAINTS + COMPLAINTS.replace("complaints:\n", "").replace("c*", "d*"))
    zone.land(COMPLAINTS)
    (told,) = zone.noticed
    assert "no longer names the source 'd*.csv'" in told
    assert "policypulse withdraw" in told
    assert latest(zone) == [("1", "x"), ("2", "x")]


def test_withdrawing_brings_back_what_was_replaced(zone: Zone) -> None:
    for rows in (["1,a", "2,b"], ["1,changed"], ["1,changed", "3,c"]):
        zone.write("c.csv", csv(*rows))
        zone.land(COMPLAINTS)
    (done,) = withdraw(zone.con, "3", "wrong")
    assert (done.rows, done.rows_back) == (1, 0)
    assert latest(zone) == [("1", "changed")]
    (done,) = withdraw(zone.con, "2", "wrong as well")
    assert (done.rows, done.rows_back) == (1, 2)
    assert latest(zone) == [("1", "a"), ("2", "b")]
    assert zone.land() == []  # what is withdrawn does not come back by itself
    assert latest(zone) == [("1", "a"), ("2", "b")]
    assert zone.rows("SELECT load_id, withdrawn_why FROM raw.loads WHERE NOT in_force ORDER BY 1") == [
        (2, "wrong as well"),
        (3, "wrong"),
    ]
    with pytest.raises(NothingToWithdraw, match=r"did you mean c\.csv"):
        withdraw(zone.con, "c.cvs", "")
    withdraw(zone.con, "c.csv", "all of it")
    assert latest(zone) == []


def test_two_files_of_one_content_are_two_deliveries(zone: Zone) -> None:
    zone.write("c_1.csv", csv("1,x"))
    zone.write("c_2.csv", csv("1,x"))
    zone.land(COMPLAINTS)
    zone.write("c_1.csv", csv("2,y"))
    zone.land()
    assert latest(zone) == [("1", "x"), ("2", "y")]
    withdraw(zone.con, "c_2.csv", "a copy")
    assert latest(zone) == [("2", "y")]


_ROWS = st.lists(st.tuples(st.sampled_from("123"), st.sampled_from("abc")), max_size=4)
_DELIVERIES = st.lists(st.tuples(st.sampled_from(["c_9.csv", "c_10.csv", "c_2.csv"]), _ROWS), max_size=6)
_MODES = st.sampled_from(["replace_file", "append", "snapshot"])


def emptied(zone: Zone) -> Zone:
    create_raw(zone.con)
    for table in ("complaints", "rejects", "loads", "files", "parts", "sources"):
        zone.con.execute(f"DELETE FROM raw.{table}")
    for path in zone.folder.glob("c*.csv"):
        path.unlink()
    return zone


def mapped(mode: str) -> str:
    return COMPLAINTS.replace("max_shrink_share: 1", f"max_shrink_share: 1\n    delivery: {mode}")


def deliver(zone: Zone, number: int, name: str, rows: list[tuple[str, str]], mode: str) -> list[Load]:
    """Put the rows there as a file changed just now; a last column makes each content another."""
    path = zone.write(name, csv(*(f"{key},{matter}" for key, matter in rows)))
    os.utime(path, ns=(number, number))
    return zone.land(mapped(mode))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=_DELIVERIES, mode=_MODES)
@example(deliveries=[("c_9.csv", [("1", "a"), ("2", "a")]), ("c_9.csv", [("1", "a")])], mode="replace_file")
@example(deliveries=[("c_10.csv", [("1", "a")]), ("c_9.csv", [("1", "b")])], mode="snapshot")
def test_every_row_read_is_accounted_for_and_every_row_landed_has_a_fate(
    deliveries: list[tuple[str, list[tuple[str, str]]]], mode: str, zone: Zone
) -> None:
    emptied(zone)
    for number, (name, rows) in enumerate(deliveries, 1):
        for load in deliver(zone, number, name, rows, mode):
            assert (
                load.rows_landed + load.rows_rejected + load.rows_skipped + load.rows_unchanged
                == load.rows_read
            )
            assert load.rows_added + load.rows_corrected == load.rows_landed
    standing = "SEMI JOIN latest.complaints_standing s ON s.first = r._load_id AND s.last = r._last_load_id"
    current = latest(zone)
    in_force = zone.rows(f"SELECT complaint_id, category FROM raw.complaints r {standing}")
    assert set(current) <= set(in_force)
    assert {key for key, _ in current} == {key for key, _ in in_force}
    assert len({key for key, _ in current}) == len(current)
    # What counts is what a plain reading of the rules says.
    files: dict[str, list[tuple[str, str]]] = {}
    for name, rows in deliveries:
        files[name] = [*files.get(name, []), *rows] if mode == "append" else rows
    names = sorted(files, key=lambda name: int(name[2:-4]))
    expected: dict[str, str] = {}
    for name in names[-1:] if mode == "snapshot" else names:
        expected |= dict(files[name])
    if mode != "append":
        assert dict(current) == expected
    assert {key for key, _ in current} == set(expected)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(st.sampled_from([f"c_{n}.csv" for n in (1, 2, 9, 10, 100, 20)]), _ROWS, max_size=6),
    mode=_MODES,
    ordered_by=st.sampled_from(["name", "modified"]),
    data=st.data(),
)
def test_the_order_of_arrival_decides_nothing(
    files: dict[str, list[tuple[str, str]]], mode: str, ordered_by: str, data: st.DataObject, zone: Zone
) -> None:
    arrivals = data.draw(st.permutations(sorted(files)))
    at_once = data.draw(st.booleans())
    mapping = mapped(mode).replace("max_shrink_share", f"ordered_by: {ordered_by}\n    max_shrink_share")
    seen = []
    for order, together in ((sorted(files), True), (arrivals, at_once)):
        emptied(zone)
        for name in order:
            path = zone.write(name, csv(*(f"{key},{matter}" for key, matter in files[name])))
            modified = 1 + 7 * int(name[2:-4]) % 101
            os.utime(path, ns=(modified, modified))
            if not together:
                zone.land(mapping)
        if together and files:
            zone.land(mapping)
        seen.append(latest(zone))
    assert seen[0] == seen[1]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=_DELIVERIES, mode=_MODES, data=st.data())
def test_what_is_withdrawn_never_was(
    deliveries: list[tuple[str, list[tuple[str, str]]]], mode: str, data: st.DataObject, zone: Zone
) -> None:
    """Taking a delivery back leaves what the others alone would have given."""
    emptied(zone)
    kept: list[tuple[str, list[tuple[str, str]]]] = []
    for number, (name, rows) in enumerate(deliveries, 1):
        rows = [*rows, (f"k{number}", "own")]  # every content is another
        (load,) = deliver(zone, number, name, rows, mode)
        if data.draw(st.booleans()):
            withdraw(zone.con, str(load.load_id), "wrong")
        else:
            kept.append((name, rows))
    found = latest(zone)
    emptied(zone)
    for number, (name, rows) in enumerate(kept, 1):
        deliver(zone, number, name, rows, mode)
    assert found == latest(zone)


def test_a_warehouse_of_the_version_before_is_carried_over(tmp_path: Path) -> None:
    """Its rows count as before, and its files are known: nothing is read again."""
    with duckdb.connect() as con:
        for name in ("raw", "latest", "known", "staging"):
            con.execute(f"ATTACH ':memory:' AS {name}")
        con.execute("CREATE TABLE staging.as_of AS SELECT TIMESTAMPTZ '2026-01-01 00:00:00+00' AS ends_at")
        zone = Zone(con, tmp_path)
        zone.write("c_1.csv", csv("1,a", "2,b"))
        zone.land(COMPLAINTS)
        for table, columns in {
            "complaints": ["_last_load_id"],
            "files": ["seen", "source", "gone", "withdrawn_at"],
            "loads": [
                "rows_unchanged", "rows_added", "rows_corrected", "rows_replaced", "rows_taken_back", "source",
                "delivery", "key_is_made", "record", "in_force", "withdrawn_at", "withdrawn_why",
            ],
        }.items():  # fmt: skip
            for column in columns:
                con.execute(f"ALTER TABLE raw.{table} DROP COLUMN {column}")
        con.execute("DROP TABLE raw.sources; DROP TABLE raw.parts")
        assert zone.land() == []
        assert latest(zone) == [("1", "a"), ("2", "b")]
        zone.write("c_1.csv", csv("1,a"))
        (load,) = zone.land()
        assert counts(load) == (0, 1, 0, 0, 0, 1)
        assert latest(zone) == [("1", "a")]


def test_equal_rows_of_one_file_count_once(zone: Zone) -> None:
    zone.write("c.csv", csv("1,a", "1,a", "2,b"))
    (load,) = zone.land(COMPLAINTS)
    assert Counter(latest(zone)) == {("1", "a"): 1, ("2", "b"): 1}
    zone.write("c.csv", csv("1,a", "1,a", "2,b", "3,c"))
    (load,) = zone.land()
    assert counts(load) == (1, 3, 1, 0, 0, 0)
    ((feed, text),) = equal_rows(zone.con)
    assert (feed, "count once: 1, e.g. c.csv line 2, c.csv line 3" in text) == ("complaints", True)


REPEATS = "SELECT kind, source, key, rows_left_out, seen FROM latest.repeats ORDER BY ALL"


def test_different_rows_under_one_key_are_told(zone: Zone) -> None:
    zone.write("c.csv", csv("1,a", "1,b", "2,a"))
    zone.land(COMPLAINTS)
    assert latest(zone) == [("1", "b"), ("2", "a")]
    assert zone.rows(REPEATS) == [("overwritten", "c*.csv", "1", 1, "c.csv line 2, c.csv line 3")]
    zone.write("c.csv", csv("2,a", "1,b", "1,a"))
    zone.land()
    assert latest(zone) == [("1", "a"), ("2", "a")]


def test_two_sources_with_one_key_are_told(zone: Zone) -> None:
    north, south = (
        COMPLAINTS.replace("c*", "c_n*"),
        COMPLAINTS.replace("complaints:\n", "").replace("c*", "c_s*"),
    )
    zone.write("c_n.csv", csv("1,a", "2,same"))
    zone.write("c_s.csv", csv("1,b", "2,same"))
    zone.land(north + south)
    assert latest(zone) == [("1", "b"), ("2", "same")]
    assert zone.rows(REPEATS) == [
        ("two_sources", "c_n*.csv and c_s*.csv", "1", 1, "c_n.csv line 2, c_s.csv line 2")
    ]


def test_rows_numbered_by_file_have_keys_of_their_own(zone: Zone) -> None:
    numbered = COMPLAINTS.replace("complaint_id: id", "complaint_id: {row_number: true}")
    zone.write("c_1.csv", csv("x,a", "x,b"))
    zone.write("c_2.csv", csv("x,a"))
    zone.land(numbered)
    assert latest(zone) == [("c_1.csv:1", "a"), ("c_1.csv:2", "b"), ("c_2.csv:1", "a")]


def test_two_lines_about_one_wide_record_are_told(zone: Zone) -> None:
    zone.write(
        "1.csv",
        csv("C1,2025-05-01,,", "C1,2025-05-01,2025-05-02,", "C2,2025-05-01,,", header="id,rep,dec,pay"),
    )
    zone.land(WIDE)
    latest(zone)
    told = [row for row in zone.rows(REPEATS) if row[0] == "overwritten"]
    assert told == [("overwritten", "*.csv", "C1", 1, "1.csv line 2, 1.csv line 3")]


def test_an_instalment_paid_in_parts_is_paid_with_the_last(zone: Zone) -> None:
    mapping = """
premiums:
  - files: "*.csv"
    columns: {policy_id: id, instalment_no: {constant: 2}, due_on: due, paid_on: paid, paid_amount: amt}
"""
    parts = ["P1,2025-01-01,2025-01-05,600", "P1,2025-01-01,2025-01-20,400", "P1,2025-01-01,2025-01-20,400"]
    zone.write("1.csv", csv(*parts, "P2,2025-01-01,2025-01-05,7", header="id,due,paid,amt"))
    zone.land(mapping)
    paid = "SELECT policy_id, day(paid_on), paid_amount::INTEGER FROM latest.premiums ORDER BY ALL"
    assert latest(zone, paid) == [("P1", 20, 1000), ("P2", 5, 7)]
    assert [row[0] for row in zone.rows(REPEATS)] == ["equal"]
    zone.write("2.csv", csv("P1,2025-01-01,2025-01-06,900", header="id,due,paid,amt"))
    zone.land()
    assert latest(zone, paid) == [("P1", 6, 900), ("P2", 5, 7)]


def test_a_delivery_without_a_row_is_told_unless_the_source_may_have_none(zone: Zone) -> None:
    told = "holds no row; if that can be right, say so with may_be_empty: true"
    zone.write("c1.csv", csv("1,claims"))
    zone.write("c2.csv", csv())
    zone.write("c3.csv", csv())
    assert [(load.file, load.rows_read) for load in zone.land(COMPLAINTS)] == [("c1.csv", 1), ("c2.csv", 0)]
    assert zone.noticed == [f"complaints: {name} {told}" for name in ("c2.csv", "c3.csv")], (
        "also of the same content"
    )
    zone.land()
    assert zone.noticed == []
    may = COMPLAINTS.replace("max_shrink_share: 1", "may_be_empty: true")
    zone.write("c4.csv", csv(header="matter,id"))
    assert [load.file for load in zone.land(may)] == ["c4.csv"], "and nothing is read anew for what may be"
    assert zone.noticed == []
    zone.write("c1.csv", csv())
    zone.land()
    assert zone.noticed == ["complaints: c1.csv takes back 1 row that it brought before and no longer has"]


def test_a_file_waits_for_its_marker(zone: Zone) -> None:
    mapping = """
complaints:
  - files: "*"
    format: csv
    done_marker: .done
    columns: {complaint_id: id, received_on: received}
"""
    zone.write("a.csv", "id,received\n1,2025-01-05\n")
    zone.write("b.csv.gz", gzip.compress(b"id,received\n2,2025-01-06\n"))
    assert zone.land(mapping) == []
    assert zone.waiting == [f"complaints: {name} waits for its .done file" for name in ("a.csv", "b.csv.gz")]
    zone.write("a.done", "")
    assert [load.file for load in zone.land()] == ["a.csv"]
    zone.write("b.csv.done", "")
    (zone.folder / "a.done").unlink()
    assert [load.file for load in zone.land()] == ["b.csv.gz"]
    assert (zone.noticed, zone.waiting) == ([], [])
    zone.write("c.csv", "id,received\n3,2025-01-07\n")
    zone.write("c.csv.done", "")
    assert [load.file for load in zone.land()] == ["c.csv"]
