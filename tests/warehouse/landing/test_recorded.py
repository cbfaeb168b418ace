"""Since when sources record what: from the first row that has it, by every source that opens cases."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import yaml

from warehouse.contract import contracts
from warehouse.landing.latest import open_latest
from warehouse.landing.mapping import FeedSource
from warehouse.landing.mapping_check import mapping_errors
from warehouse.landing.recorded import recorded_sql

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

EVENTS = """
claim_events:
  - files: "{files}"
    columns:
      claim_id: id
      event: {{column: ev, codes: {{r: reported, c: contacted, w: withdrawn, p: paid}}}}
      event_at: at
      amount: {{column: amt, optional: true}}
      recorded_at: {{column: rec, optional: true}}
    records: [{records}]
"""


@pytest.fixture(autouse=True)
def session(zone: Zone) -> None:
    zone.con.execute("ATTACH ':memory:' AS latest; ATTACH ':memory:' AS known; ATTACH ':memory:' AS staging")
    zone.con.execute(
        "CREATE TABLE staging.as_of AS"
        " SELECT DATE '2025-12-31' AS as_of, TIMESTAMPTZ '2026-01-01 00:00:00+08' AS ends_at"
    )


def recorded(zone: Zone, *items: str) -> dict[str, tuple[object, ...]]:
    """is_mapped, recorded_from and lacking of each item."""
    open_latest(zone.con)
    sql = recorded_sql(items, zone.sources, zone.time_zone, contracts())
    return {
        row[0]: row[1:] for row in zone.rows(f"SELECT item, is_mapped, recorded_from, lacking FROM ({sql})")
    }


def event(code: str) -> str:
    return f"claim_events.event={code}"


def events(*rows: str, header: str = "id,ev,at,amt") -> str:
    return "\n".join([header, *rows]) + "\n"


def test_an_event_is_recorded_from_its_first_day_of_business_on(zone: Zone) -> None:
    zone.write(
        "a.csv",
        events("1,r,2025-01-05 23:30+00:00,", "1,c,2025-03-01,", "2,p,2025-02-01,7", "2,r,2025-01-20,"),
    )
    zone.land(EVENTS.format(files="a.csv", records=""))
    asked = [*map(event, ("reported", "contacted", "withdrawn", "cancelled", "paid")), "claim_events.amount"]
    assert recorded(
        zone, *asked, "claim_events.outcome", "setting.complaints.mis_selling", "core.claims.paid_on"
    ) == {
        event("reported"): (True, date(2025, 1, 6), None),
        event("contacted"): (True, date(2025, 3, 1), None),
        event("withdrawn"): (True, None, None),
        event("cancelled"): (False, None, None),
        event("paid"): (True, date(2025, 2, 1), None),
        "claim_events.amount": (True, date(2025, 2, 1), None),
        "claim_events.outcome": (False, None, None),
    }


def test_what_is_not_known_on_the_as_of_day_or_lies_after_it_is_not_recorded(zone: Zone) -> None:
    rows = ("1,r,2025-01-05,2025-01-05", "1,c,2026-02-01,2025-01-05", "1,p,2025-03-01,2026-03-01")
    zone.write("a.csv", events(*rows, header="id,ev,at,rec"))
    zone.land(EVENTS.format(files="a.csv", records=""))
    found = recorded(zone, event("reported"), event("contacted"), event("paid"))
    assert [since for _, since, _ in found.values()].count(None) == 2
    assert found[event("reported")][1] == date(2025, 1, 5)


def test_a_source_may_say_that_it_records_what_has_not_occurred(zone: Zone) -> None:
    zone.write("a.csv", events("1,p,2025-01-05,", "1,r,2025-01-04,"))
    zone.land(EVENTS.format(files="a.csv", records="withdrawn, amount"))
    found = recorded(zone, event("withdrawn"), "claim_events.amount", event("contacted"))
    assert [since for _, since, _ in (found[i] for i in sorted(found))] == [
        date(2025, 1, 4),
        None,
        date(2025, 1, 4),
    ]


def two_systems(zone: Zone, second: str, records: str = "") -> tuple[object, ...]:
    """What is known of contacts where the first system records them from January to June, the second reads `second`."""
    zone.write("a1.csv", events("1,r,2025-01-05,", "1,c,2025-01-06,", "2,r,2025-06-01,", "2,c,2025-06-02,"))
    zone.write("b1.csv", second)
    first, other = EVENTS.format(files="a*.csv", records=""), EVENTS.format(files="b*.csv", records=records)
    zone.land(first + other.replace("\nclaim_events:\n", ""))
    return recorded(zone, event("contacted"))[event("contacted")]


def test_every_source_that_opens_cases_must_record_what_happens_to_them(zone: Zone) -> None:
    """Else the claims of a system without contacts would count as not contacted."""
    silent = events("8,r,2025-02-05,", "9,r,2025-04-05,")
    assert two_systems(zone, silent) == (True, date(2025, 5, 1), "feeds.claim_events[1]")


def test_a_source_counts_from_its_own_first_if_it_had_cases_before(zone: Zone) -> None:
    late = events("8,r,2025-02-05,", "9,r,2025-04-05,", "9,c,2025-04-07,")
    assert two_systems(zone, late) == (True, date(2025, 4, 7), None)


def test_a_source_that_only_completes_the_cases_of_others_need_not_record_what_they_do(zone: Zone) -> None:
    assert two_systems(zone, events("1,p,2025-02-05,7", "2,p,2025-07-05,8"))[1:] == (date(2025, 1, 6), None)


def test_a_source_may_say_that_it_records_what_another_does(zone: Zone) -> None:
    assert two_systems(zone, events("8,r,2025-02-05,"), records="contacted")[1:] == (date(2025, 1, 6), None)


def test_a_column_that_tells_cases_apart_need_not_come_from_every_source(zone: Zone) -> None:
    """The regulator's own list says which complaints are the regulator's; the desk's list need not deny it."""
    zone.write("desk.csv", "id,day\n1,2025-01-05\n2,2025-03-05\n")
    zone.write("regulator.csv", "id,day\n3,2025-02-05\n")
    zone.land("""
complaints:
  - {files: desk.csv, columns: {complaint_id: id, received_on: day}}
  - {files: regulator.csv, columns: {complaint_id: id, received_on: day, via_regulator: {constant: "true"}}}
""")
    assert recorded(zone, "complaints.via_regulator") == {
        "complaints.via_regulator": (True, date(2025, 2, 5), None)
    }


def test_a_project_may_not_say_that_it_records_what_its_mapping_cannot_deliver() -> None:
    def problems(records: str) -> list[tuple[str, str]]:
        feeds = yaml.safe_load(EVENTS.format(files="a.csv", records=records))
        sources = {feed: [FeedSource.model_validate(s) for s in some] for feed, some in feeds.items()}
        return mapping_errors(sources, contracts())

    assert problems("withdrawn, amount, event=paid") == []
    assert problems("cancelled") == [
        (
            "feeds.claim_events[0].records.0",
            "the mapping cannot deliver 'cancelled': map its column or code, or leave it out here",
        )
    ]
    ((path, message),) = problems("paid, withdrwan")
    assert path == "feeds.claim_events[0].records.1"
    assert "did you mean 'withdrawn'?" in message


def test_a_list_of_closed_cases_alone_records_no_open_ones(zone: Zone) -> None:
    mapping = "complaints: [{files: 'c*.csv', columns: {complaint_id: id, received_on: day, closed_on: end}}]"
    zone.write("c1.csv", "id,day,end\n1,2025-01-05,2025-01-09\n")
    zone.land(mapping)
    assert recorded(zone, "complaints.closed_on=") == {"complaints.closed_on=": (True, None, None)}
    zone.write("c2.csv", "id,day,end\n2,2025-02-05,\n")
    zone.land()
    # The first was open too until it was closed.
    assert recorded(zone, "complaints.closed_on=") == {
        "complaints.closed_on=": (True, date(2025, 1, 5), None)
    }
