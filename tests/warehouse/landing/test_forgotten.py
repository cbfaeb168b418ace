"""Forgetting a person in raw: whose rows go, that the books account for them, and that they do not come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from warehouse.contract import contracts
from warehouse.landing.forgotten import forget_in_raw, people
from warehouse.landing.pseudonyms import pseudonyms

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

FEEDS = """
policies:
  - {files: "p*.csv", columns: {policy_id: POL, issued_on: DAY, customer_id: WHO, agent_id: AGENT}}
complaints:
  - files: "c*.csv"
    max_reject_share: 1
    columns: {complaint_id: ID, received_on: DAY, customer_id: WHO, policy_id: POL}
premiums:
  - {files: "m*.csv", columns: {policy_id: POL, due_on: DAY, instalment_no: DUE}}
"""
POLICIES = "POL,DAY,WHO,AGENT\nP1,2025-01-01,ann,x\nP2,2025-01-01,ben,x\nP3,2025-01-01,ann,y\n"
COMPLAINTS = """\
ID,DAY,WHO,POL
1,2025-02-01,ann,P1
2,2025-02-01,ben,P1
3,2025-02-01,,P3
4,never,ann,P1
5,2025-02-01,ben,P2
"""
PREMIUMS = "POL,DAY,DUE\nP1,2025-01-01,5\nP2,2025-01-01,5\nP3,2025-01-01,5\n"


def delivered(zone: Zone, more: str = "") -> None:
    # A blank column more makes it another content.
    for name, content in (("p", POLICIES), ("c", COMPLAINTS), ("m", PREMIUMS)):
        zone.write(f"{name}{more}.csv", content.replace("\n", f",{more}\n"))
    zone.land(FEEDS)


def forget(zone: Zone, person: str, column: str = "customer_id") -> dict[str, tuple[int, int, int]]:
    assert zone.key
    whom = people(zone.con, [person], column, zone.key, contracts())
    gone = forget_in_raw(zone.con, whom, zone.key, contracts())
    return {one.feed: (one.rows, one.rejects, one.cells) for one in gone}


def unaccounted(zone: Zone) -> list[tuple[object, ...]]:
    """Loads whose rows are not all there, or not all told of."""
    return [
        row
        for feed in ("policies", "complaints", "premiums")
        for row in zone.rows(f"""
            SELECT load_id FROM raw.loads l WHERE feed = '{feed}' AND (
                rows_landed <> (SELECT count(*) FROM raw.{feed} WHERE _load_id = load_id)
                OR rows_rejected <> (SELECT count(*) FROM raw.rejects WHERE _load_id = load_id)
                OR rows_read <> rows_landed + rows_rejected + rows_skipped + rows_unchanged + rows_forgotten)""")
    ]


def test_with_a_person_goes_what_is_theirs_and_not_what_is_anothers(zone: Zone) -> None:
    delivered(zone)
    assert forget(zone, "ann") == {"policies": (2, 0, 0), "complaints": (2, 1, 0), "premiums": (2, 0, 0)}
    assert zone.rows("SELECT policy_id FROM raw.policies") == [("P2",)]
    assert zone.rows("SELECT complaint_id FROM raw.complaints ORDER BY 1") == [("2",), ("5",)]
    assert zone.rows("SELECT policy_id FROM raw.premiums") == [("P2",)]
    assert zone.rows("SELECT people, rows, rejects, cells FROM raw.forgettings") == [(1, 6, 1, 0)]
    assert unaccounted(zone) == []
    assert zone.key
    (pseudonym,) = pseudonyms(["ann"], domain="customer", key=zone.key)
    tables = zone.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'raw'")
    for (table,) in tables:
        assert zone.rows(f"SELECT 1 FROM raw.{table} t WHERE contains(t::VARCHAR, '{pseudonym}')") == []


def test_who_was_forgotten_is_left_out_when_delivered_again(zone: Zone) -> None:
    delivered(zone)
    forget(zone, "ann")
    delivered(zone, "_again")
    assert zone.rows("SELECT DISTINCT policy_id FROM raw.policies") == [("P2",)]
    assert zone.rows("SELECT DISTINCT complaint_id FROM raw.complaints ORDER BY 1") == [("2",), ("5",)]
    assert zone.rows("SELECT DISTINCT policy_id FROM raw.premiums") == [("P2",)]
    assert zone.rows("SELECT feed, rows_forgotten FROM raw.loads WHERE file LIKE '%again%' ORDER BY feed") == [
        ("complaints", 3), ("policies", 2), ("premiums", 2)
    ]  # fmt: skip
    assert unaccounted(zone) == []


def test_of_an_agent_only_the_value_goes(zone: Zone) -> None:
    delivered(zone)
    assert forget(zone, "x", "agent_id") == {"policies": (0, 0, 2)}
    assert zone.rows("SELECT count(*), count(agent_id) FROM raw.policies") == [(3, 1)]
    delivered(zone, "_again")
    assert zone.rows("SELECT count(agent_id) FROM raw.policies WHERE policy_id <> 'P3'") == [(0,)]
    assert unaccounted(zone) == []


def test_a_column_that_is_nobodys_is_refused(zone: Zone) -> None:
    delivered(zone)
    with pytest.raises(ValueError, match="no contract has a personal column policy_id; there are agent_id"):
        forget(zone, "ann", "policy_id")
