"""core.claim_promises: whether a promise of the project was kept, on single claims."""

from datetime import UTC, date, datetime, timedelta

from tests.kpi.claims_made import core_claims
from transforms.clocks import calendar_until
from transforms.core.claim_promises import claim_promises
from transforms.settings import ClaimSettings, Promise, Settings

AS_OF = date(2025, 6, 30)
DECIDED = {"outcome": "paid_full"}


def promised(promise: Promise, histories: dict, cases: dict, as_of: date = AS_OF) -> dict[str, str]:
    project = Settings(time_zone="UTC", claims=ClaimSettings(promises=(promise,)))
    facts = core_claims(histories, as_of, cases, project)
    found = claim_promises(
        claims=facts.lazy(), calendar=calendar_until("CN", as_of).lazy(), as_of=as_of, settings=project
    ).collect()
    return dict(found.select("claim_id", "state").iter_rows())


def test_one_hour_after_documents_for_small_claims() -> None:
    promise = Promise(
        name="one_hour", title="Within an hour", starts="documents_complete_at", ends="first_decided_at",
        limit=1, unit="hours", where={"claim_type": ("medical",)}, claimed_up_to=5000, valid_from=date(2025, 2, 1),
    )  # fmt: skip
    noon = datetime(2025, 3, 3, 12, tzinfo=UTC)

    def history(begin: datetime, minutes: int | None) -> list:
        decided = [] if minutes is None else [("decided", begin + timedelta(minutes=minutes), DECIDED)]
        return [("reported", begin), ("documents_complete", begin), *decided]

    histories = {
        "kept": history(noon, 60),
        "broken": history(noon, 61),
        "open": history(noon, None),
        "too early": history(noon - timedelta(days=60), 5),
        "too large": history(noon, 5),
        "other kind": history(noon, 5),
    }
    cases = {name: {"claim_type": "medical", "claimed_amount": 5000} for name in histories}
    cases["too large"]["claimed_amount"] = 5000.01
    cases["other kind"]["claim_type"] = "death"
    assert promised(promise, histories, cases) == {"kept": "met", "broken": "breach", "open": "breach"}


def test_one_working_day_spans_the_national_holiday() -> None:
    promise = Promise(
        name="next_day",
        title="Next working day",
        starts="agreed_at",
        ends="paid_at",
        limit=1,
        unit="working_days",
    )
    begin = [("reported", date(2025, 9, 26)), ("agreed", date(2025, 9, 30))]
    histories = {
        "after the holiday": [*begin, ("paid", date(2025, 10, 9))],
        "a day later": [*begin, ("paid", date(2025, 10, 10))],
        "withdrawn": [*begin, ("withdrawn", date(2025, 10, 1))],
    }
    assert promised(promise, histories, {}, date(2025, 12, 31)) == {
        "after the holiday": "met",
        "a day later": "breach",
        "withdrawn": "undetermined",
    }
