"""The KPIs of claims, from events on: what their worked examples cannot show, and laws that hold for any claims."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kpi.claims_made import SETTINGS, core_claims, record, records
from tests.kpi.example_records import record_of
from transforms.kpi import claims_flow
from transforms.kpi.claims import FAULTY, FIRST_HANDLING
from transforms.kpi.registry import registry
from transforms.measures.case_measures import Deadline
from transforms.measures.definition import Kpi
from transforms.settings import ClaimSettings, Promise, Settings

APRIL = date(2025, 4, 1)
AS_OF = date(2025, 4, 30)
ALL = [
    kpi
    for kpi in registry()
    if {kpi.fact, *(flow.fact for flow in kpi.measure.flows.values())} == {"core.claims"}
]
WITHIN_10 = Kpi(
    code="within_10",
    title="Decided within 10 days",
    fact="core.claims",
    measure=Deadline("reported_on", "decided_on", 10, exits_on="withdrawn_on"),
    unit="share",
    direction=1,
    dates={"cohort": "counted_on", "period": "decided_on"},
    source="test",
    population=FIRST_HANDLING,
    excluded=FAULTY,
)


def ended(reported: date, how: str, on: date) -> list:
    """A claim from report to its end."""
    if how in ("withdrawn", "cancelled"):
        return [("reported", reported), (how, on)]
    decided = ("decided", on, {"outcome": how})
    return [
        ("reported", reported),
        decided,
        *([("paid", on)] if how.startswith("paid") else []),
        ("closed", on),
    ]


LAST_OF_BAND = {"0-30": 30, "31-60": 60, "61-90": 90, "91-180": 180, ">180": 10**9}
BANDS = {
    band: f"claims_open_{band.replace('-', '_').replace('>', 'over_')}_days_count" for band in LAST_OF_BAND
}


def test_an_open_claim_is_in_one_band_of_age() -> None:
    """The last day of every band and the first of the next, as of each of them; bands add up to the backlog."""
    edges = [days + more for days in (0, 30, 60, 90, 180) for more in (0, 1)]
    for age in edges:
        open_claim = core_claims({"c": [("reported", AS_OF - timedelta(age))]}, AS_OF)
        found = records(open_claim, claims_flow.KPIS, AS_OF, [APRIL])
        counts = {band: record(found, code)["value"] for band, code in BANDS.items()}
        first = next(band for band, last in LAST_OF_BAND.items() if age <= last)
        assert counts == {band: float(band == first) for band in BANDS}, age


def test_small_claims_settled_within_five_days() -> None:
    """(amount, days from documents to payment, needs no investigation); the limit of 3,000 is included."""
    claims = [
        (1200, 1, True),
        (2999, 5, True),
        (800, 6, True),
        (500, None, True),
        (3000, 2, True),
        (2500, 3, False),
    ]
    histories, cases = {}, {}
    documents = date(2025, 4, 7)
    for i, (amount, days, simple) in enumerate(claims):
        begin = [("reported", date(2025, 4, 1)), ("documents_complete", documents)]
        histories[str(i)] = begin
        if days is not None:
            histories[str(i)] = begin + ended(date(2025, 4, 1), "paid_full", documents + timedelta(days))[1:]
        cases[str(i)] = {"claim_type": "medical", "claimed_amount": amount, "investigated": not simple}
    code = "claim_small_settled_within_5_days_share"
    facts = core_claims(histories, AS_OF, cases)
    assert facts["is_small_claim"].sum() == 5
    row = record(records(facts, ALL, AS_OF, [APRIL]), code)
    assert (row["denominator"], row["value"]) == (4, 3 / 4)
    # With a limit that leaves out 3,000 itself one claim less is small.
    below = SETTINGS.model_copy(update={"claims": ClaimSettings(small_claim_limits={"medical": 2999.99})})
    row = record(records(core_claims(histories, AS_OF, cases, below), ALL, AS_OF, [APRIL]), code)
    assert (row["denominator"], row["value"]) == (3, pytest.approx(2 / 3))


def ten_claims(durations: list[int], open_for: list[int], as_of: date = AS_OF) -> pl.DataFrame:
    start = as_of - timedelta(days=60)
    histories = {
        f"d{i}": [("reported", start), ("decided", start + timedelta(d))] for i, d in enumerate(durations)
    }
    histories |= {f"o{i}": [("reported", as_of - timedelta(d))] for i, d in enumerate(open_for)}
    return core_claims(histories, as_of).with_columns(counted_on=pl.lit(APRIL))


def test_a_limit_has_three_states() -> None:
    """In time 6, late 3, one open claim not yet known: whatever becomes of it, between 6 and 7 of all ten."""
    facts = ten_claims([2, 3, 3, 5, 8, 10, 12], [6, 15, 40])
    row = record(records(facts, [WITHIN_10], AS_OF, [APRIL]), "within_10")
    assert (row["numerator"], row["denominator"], row["n_undetermined"]) == (6, 9, 1)
    assert (row["value"], row["ci_low"], row["ci_high"]) == pytest.approx(
        (6 / 9, 0.35420213558, 0.87941618161)
    )


def test_a_promise_is_a_kpi() -> None:
    promise = Promise(name="fast", title="Fast", starts="reported_at", ends="paid_at", limit=3, unit="days")
    promised = Settings(claims=ClaimSettings(promises=(promise,)))
    usual = {kpi.code for kpi in registry()}
    (kpi,) = (kpi for kpi in registry(promised) if kpi.code not in usual)
    assert (kpi.code, kpi.slice) == ("claim_promise_fast_share", ("promise", "fast"))
    example = replace(kpi.example, under=promised)
    row = record_of(kpi.code, example)
    assert (row["value"], row["numerator"], row["denominator"]) == (0.9, 45, 50)


# --- laws

days = st.integers(0, 60)
some_days = st.lists(days, max_size=12)


@settings(max_examples=25)
@given(st.lists(days, min_size=1, max_size=12), some_days, days)
def test_one_more_open_claim_never_raises_a_share(decided: list[int], open_for: list[int], more: int) -> None:
    first, second = ten_claims(decided, open_for), ten_claims(decided, [*open_for, more])
    both = pl.concat(
        [first.with_columns(org_unit=pl.lit("before")), second.with_columns(org_unit=pl.lit("after"))]
    )
    found = records(both, [WITHIN_10], AS_OF, [APRIL])
    before, after = (record(found, "within_10", segment=name) for name in ("before", "after"))
    assert before["n"] + before["n_undetermined"] == len(decided) + len(open_for)
    assert after["value"] <= before["value"]


histories = st.lists(
    st.tuples(
        st.integers(0, 110),  # day of the report
        st.sampled_from([*claims_flow.OUTCOMES, "open", "contradictory"]),
        st.integers(0, 80),  # days to the end
        st.integers(0, 60) | st.none(),  # days to a reopening
        st.sampled_from("abc"),
    ),
    max_size=30,
)
MONTHS = [date(2025, month, 1) for month in (1, 2, 3, 4)]


def drawn(cases: list[tuple]) -> pl.DataFrame:
    events, units = {}, {}
    for i, (day, how, length, reopening, unit) in enumerate(cases):
        reported = date(2025, 1, 5) + timedelta(day)
        last = reported + timedelta(length)
        units[str(i)] = {"org_unit": unit}
        if how == "open":
            events[str(i)] = [("reported", reported)]
        elif how == "contradictory":
            events[str(i)] = [("reported", reported), ("decided", reported - timedelta(2))]
        else:
            events[str(i)] = ended(reported, how, last)
            if reopening is not None:
                events[str(i)].append(("reopened", datetime(2025, 1, 1, 13, tzinfo=UTC) + (last - date(2025, 1, 1))
                                       + timedelta(reopening)))  # fmt: skip
    return core_claims(events, AS_OF, units)


@settings(max_examples=25)
@given(histories)
def test_the_stock_rolls_forward_and_segments_add_up(cases: list[tuple]) -> None:
    found = records(drawn(cases), claims_flow.KPIS, AS_OF, MONTHS)
    numbers = {
        (row["kpi"], row["segment"], row["period"]): row["numerator"] or 0
        for row in found.iter_rows(named=True)
    }
    segments = found["segment"].unique().to_list()
    for segment in segments:
        for opening, closing in pairwise(MONTHS):
            moves = sum(
                numbers[kpi, segment, closing] for kpi in ("claims_reported_count", "claims_reopened_count")
            )
            for way in (*claims_flow.OUTCOMES, "otherwise"):
                moves -= numbers[f"claims_closed_{way}_count", segment, closing]
            stock = [numbers["claim_backlog_count", segment, month] for month in (opening, closing)]
            assert stock[0] + moves == stock[1]


@settings(max_examples=15)
@given(histories)
def test_shares_add_up_over_disjoint_segments(cases: list[tuple]) -> None:
    kpis = [kpi for kpi in ALL if kpi.unit in ("share", "count")]
    found = records(drawn(cases), kpis, AS_OF, MONTHS)
    sums = [
        pl.col("numerator", "denominator").fill_null(0).sum(),
        pl.col("n_undetermined", "n_excluded").sum(),
    ]
    keys = ["kpi", "basis", "period"]
    if found["cut"].n_unique() == 1:
        return
    whole, parts = (
        found.filter(pl.col("cut") == cut).group_by(keys).agg(sums).sort(keys)
        for cut in ("company", "org_unit")
    )
    assert whole.equals(parts)


def test_every_kpi_of_claims_says_something_of_a_plain_book() -> None:
    """Without a case that it counts a KPI would never be noticed to be wrong."""
    reopened = [
        *ended(date(2025, 1, 6), "rejected", date(2025, 1, 20)),
        ("reopened", date(2025, 4, 3)),
        ("decided", date(2025, 4, 9), {"outcome": "paid_full"}),
        ("paid", date(2025, 4, 9)),
        ("closed", date(2025, 4, 10)),
    ]
    rich = [
        ("reported", date(2025, 4, 1), {"document_count": 3, "document_medium": "electronic"}),
        ("registered", date(2025, 4, 1)), ("assigned", date(2025, 4, 1)), ("contacted", date(2025, 4, 1)),
        ("documents_requested", date(2025, 4, 2)), ("progress_notified", date(2025, 4, 3)),
        ("documents_complete", date(2025, 4, 4)), ("assessed", date(2025, 4, 5)),
        ("decided", date(2025, 4, 7), {"outcome": "paid_full", "actor": "auto"}),
        ("agreed", date(2025, 4, 7)), ("paid", date(2025, 4, 8), {"amount": 50}), ("closed", date(2025, 4, 8)),
    ]  # fmt: skip
    refused = [*ended(date(2025, 4, 2), "rejected", date(2025, 4, 9)), ("refusal_sent", date(2025, 4, 10))]
    slow = [
        ("reported", date(2025, 4, 1)), ("documents_complete", date(2025, 4, 1)),
        ("prepaid", date(2025, 4, 20), {"amount": 1}),
    ]  # fmt: skip
    cases = {
        "rich": {
            "claim_type": "medical", "claimed_amount": 100, "fast_track": True,
            "loss_at": datetime(2025, 3, 30, tzinfo=UTC), "direct_pay": True, "green_channel": False,
        },
        "slow": {"claim_type": "critical_illness", "loss_at": datetime(2025, 3, 28, tzinfo=UTC)},
    }  # fmt: skip
    as_of = date(2025, 12, 31)
    facts = core_claims(
        {"rich": rich, "as rich": rich, "refused": refused, "slow": slow, "again": reopened}, as_of, cases
    )
    found = records(facts, ALL, as_of, [date(2025, 1, 1), APRIL]).filter(pl.col("cut") == "company")
    assert set(found["kpi"]) - set(found.filter(pl.col("value").is_not_null())["kpi"]) == set()
