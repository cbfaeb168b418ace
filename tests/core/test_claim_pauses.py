"""core.claim_pauses: since when and until when nothing happened to an open claim."""

from datetime import UTC, date, datetime

import polars as pl

from tests.kpi.claims_made import EVENTS, SETTINGS, core_claims, instant
from transforms.core.claim_pauses import claim_pauses

AS_OF = date(2025, 6, 30)


def pauses(*events: tuple[str, date], as_of: date = AS_OF) -> list[tuple]:
    """paused_on, static_14_on, static_30_on and moved_on of each pause of one claim."""
    rows = [
        {"event_id": f"e{i}", "claim_id": "c", "event": event, "event_at": instant(day), "is_day": False}
        for i, (event, day) in enumerate(events)
    ]
    found = claim_pauses(
        events=pl.LazyFrame(rows, schema=EVENTS),
        claims=core_claims({"c": events}, as_of).lazy(),
        as_of=as_of,
        settings=SETTINGS,
    ).collect()
    return sorted(found.select("paused_on", "static_14_on", "static_30_on", "moved_on").rows())


def test_a_claim_that_waits_forty_days_is_static_after_14_and_30_of_them():
    found = pauses(
        ("reported", date(2025, 3, 3)),
        ("assessed", date(2025, 3, 10)),
        ("decided", date(2025, 4, 19)),
        ("closed", date(2025, 4, 20)),
    )
    assert found == [(date(2025, 3, 10), date(2025, 3, 25), date(2025, 4, 10), date(2025, 4, 19))]


def test_a_step_on_the_fifteenth_day_ends_the_pause_before_it_counts():
    """More than 14 days must pass without a step, and the day on which it comes is none of these."""
    reported = ("reported", date(2025, 3, 3))
    assert pauses(reported, ("contacted", date(2025, 3, 18)), ("closed", date(2025, 3, 20))) == []
    (found,) = pauses(reported, ("contacted", date(2025, 3, 19)), ("closed", date(2025, 3, 20)))
    assert found == (date(2025, 3, 3), date(2025, 3, 18), None, date(2025, 3, 19))


def test_an_open_claim_stands_still_from_the_day_that_has_come():
    (found,) = pauses(("reported", date(2025, 6, 1)))
    assert found == (date(2025, 6, 1), date(2025, 6, 16), None, None)
    assert pauses(("reported", date(2025, 6, 1)), as_of=date(2025, 6, 15)) == []


def test_days_are_those_of_the_business():
    late = datetime(2025, 3, 3, 20, tzinfo=UTC)
    shanghai = SETTINGS.model_copy(update={"time_zone": "Asia/Shanghai"})
    events = [("reported", instant(date(2025, 3, 1))), ("contacted", late)]
    rows = [
        {"event_id": f"e{i}", "claim_id": "c", "event": event, "event_at": at, "is_day": False}
        for i, (event, at) in enumerate(events)
    ]
    found = claim_pauses(
        events=pl.LazyFrame(rows, schema=EVENTS),
        claims=core_claims({"c": events}, AS_OF, settings=shanghai).lazy(),
        as_of=AS_OF,
        settings=shanghai,
    ).collect()
    assert found["paused_on"].to_list() == [date(2025, 3, 4)]
