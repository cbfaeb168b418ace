"""The KPIs of claims: worked examples of law, guides and regulators, laws that hold for any claims, and recovery."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kpi.claims_made import SETTINGS, core_claims, record, records
from transforms.kpi import claims_flow, claims_handling, claims_terms
from transforms.kpi.claims import FAULTY, FIRST_HANDLING
from transforms.kpi.claims_turnaround import KPIS
from transforms.kpi.registry import registry
from transforms.measures.case_measures import Deadline
from transforms.measures.definition import Kpi
from transforms.settings import ClaimSettings, Promise, Settings

APRIL = date(2025, 4, 1)
AS_OF = date(2025, 4, 30)
ALL = [kpi for kpi in registry() if kpi.fact == "core.claims"]
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


@pytest.fixture
def golden(shared) -> dict:
    return json.loads((shared / "golden/ex01_claims.json").read_text())


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


def book(outcomes: dict[str, int], opening: int, received: int) -> dict[str, list]:
    """Claims open at the end of March and reported in April, of which so many end in April in each way."""
    reported = [date(2025, 3, 20)] * opening + [date(2025, 4, 2)] * received
    ways = [how for how, count in outcomes.items() for _ in range(count)]
    histories = {str(i): [("reported", on)] for i, on in enumerate(reported)}
    for i, how in enumerate(ways):
        histories[str(i)] = ended(reported[i], how, date(2025, 4, 20))
    return histories


def test_four_payout_rates_of_one_book(golden) -> None:
    """Opening 40, received 1000, paid 900 and 30 in part, rejected 40, withdrawn 15, zero 5, closing 50."""
    ways = {"paid_full": 900, "paid_part": 30, "rejected": 40, "withdrawn": 15, "zero": 5}
    found = records(core_claims(book(ways, 40, 1000), AS_OF), ALL, AS_OF, [APRIL])
    worked = {
        ("claim_admitted_share", "period"): golden["ratios"]["admittance_APRA paid/(paid+rej)"],
        ("claim_paid_share", "period"): golden["ratios"]["huopeilv paid/(paid+rej+zero)"],
        ("claim_settlement_ratio_share", "stock"): golden["ratios"]["IRDAI CSR paid/(open+received)"],
        ("claim_closed_without_payment_share", "period"): golden["ratios"][
            "MCAS CWP (closed without payment)"
        ],
        ("claim_refused_share", "period"): golden["ratios"]["rejection finalised"],
        ("claim_closed_with_payment_share", "period"): golden["ratios"]["paid/closed incl wd"],
        ("claim_repudiation_ratio_share", "stock"): golden["ratios"]["rejection CSR basis"],
        ("claim_pending_ratio_share", "stock"): golden["ratios"]["IRDAI pending"],
        ("claim_withdrawn_share", "period"): 15 / 990,
        ("claim_backlog_count", "stock"): 50,
    }
    for (kpi, basis), value in worked.items():
        assert record(found, kpi, basis=basis)["value"] == pytest.approx(value, abs=1e-9), kpi
    # Of the thousand reported in the month, whose share is not final yet.
    refused = record(found, "claim_refused_of_reported_share")
    assert refused["status"] == "immature"
    assert refused["numerator"] / refused["denominator"] == golden["ratios"]["rejection of received"]


def test_backlog_days_and_clearance(golden) -> None:
    """520 + 1480 + 35 reopened − 1610 closed = 425 open; 30 days in the month."""
    histories = book({"paid_full": 1610 - 35}, 520, 1480)
    for i in range(35):
        histories[f"again {i}"] = [
            *ended(date(2025, 3, 1), "rejected", date(2025, 3, 10)),
            ("reopened", date(2025, 4, 3)),
            ("decided", date(2025, 4, 9), {"outcome": "paid_full"}),
            ("closed", date(2025, 4, 10)),
        ]
    found = records(core_claims(histories, AS_OF), ALL, AS_OF, [APRIL])
    assert record(found, "claim_backlog_count")["value"] == golden["backlog"]["closing"]
    assert record(found, "claim_backlog_days")["value"] == pytest.approx(golden["backlog"]["days_of_work"])
    assert record(found, "claim_clearance_ratio")["value"] == pytest.approx(golden["backlog"]["clearance"])
    assert record(found, "claims_reopened_count")["value"] == 35


LAST_OF_BAND = {"0-30": 30, "31-60": 60, "61-90": 90, "91-180": 180, ">180": 10**9}
BANDS = {
    band: f"claims_open_{band.replace('-', '_').replace('>', 'over_')}_days_count" for band in LAST_OF_BAND
}


def test_ageing_counts_from_the_61st_day(golden) -> None:
    histories = {
        str(age): [("reported", AS_OF - timedelta(days=age))] for age in (3, 12, 31, 45, 61, 95, 200)
    }
    found = records(core_claims(histories, AS_OF), ALL, AS_OF, [APRIL])
    row = record(found, "claim_open_over_60_days_share")
    old = golden["ageing"]["61-90"] + golden["ageing"]["91-180"] + golden["ageing"][">180"]
    assert (row["numerator"], row["denominator"]) == (old, sum(golden["ageing"].values()))
    bands = {band: record(found, code)["value"] for band, code in BANDS.items()}
    assert bands == golden["ageing"]


def test_an_open_claim_is_in_one_band_of_age() -> None:
    """The last day of every band and the first of the next, as of each of them; bands add up to the backlog."""
    edges = [days + more for days in (0, 30, 60, 90, 180) for more in (0, 1)]
    for age in edges:
        open_claim = core_claims({"c": [("reported", AS_OF - timedelta(age))]}, AS_OF)
        found = records(open_claim, claims_flow.KPIS, AS_OF, [APRIL])
        counts = {band: record(found, code)["value"] for band, code in BANDS.items()}
        first = next(band for band, last in LAST_OF_BAND.items() if age <= last)
        assert counts == {band: float(band == first) for band in BANDS}, age


def test_rolling_share_of_registered_claims_closed(golden) -> None:
    """A fiftieth of: registered 12,000, cancelled 300, zero closings 200, closed within the window 10,450."""
    histories = {}
    ways = {"cancelled": 6, "zero": 4, "paid_full": 209, "open": 21}
    for how, count in ways.items():
        for i in range(count):
            reported = date(2024, 5 + i % 8, 3)
            histories[f"{how} {i}"] = (
                [("reported", reported)] if how == "open" else ended(reported, how, reported + timedelta(20))
            )
    histories["before the window"] = ended(date(2024, 4, 20), "paid_full", date(2024, 5, 20))
    row = record(records(core_claims(histories, AS_OF), ALL, AS_OF, [APRIL]), "claim_registered_closed_share")
    assert row["denominator"] == 230
    assert row["value"] == pytest.approx(golden["rolling_closed"], abs=1e-9)


def test_small_claims_settled_within_five_days(golden) -> None:
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
    assert (row["denominator"], row["value"]) == (4, pytest.approx(golden["small5"]["incl3000"]))
    # With a limit that leaves out 3,000 itself one claim less is small.
    below = SETTINGS.model_copy(update={"claims": ClaimSettings(small_claim_limits={"medical": 2999.99})})
    row = record(records(core_claims(histories, AS_OF, cases, below), ALL, AS_OF, [APRIL]), code)
    assert (row["denominator"], row["value"]) == (3, pytest.approx(golden["small5"]["closed_basis_<3000"]))


def ten_claims(durations: list[int], open_for: list[int], as_of: date = AS_OF) -> pl.DataFrame:
    start = as_of - timedelta(days=60)
    histories = {
        f"d{i}": [("reported", start), ("decided", start + timedelta(d))] for i, d in enumerate(durations)
    }
    histories |= {f"o{i}": [("reported", as_of - timedelta(d))] for i, d in enumerate(open_for)}
    return core_claims(histories, as_of).with_columns(counted_on=pl.lit(APRIL))


def test_a_limit_has_three_states(golden) -> None:
    facts = ten_claims([2, 3, 3, 5, 8, 10, 12], [6, 15, 40])
    row = record(records(facts, [WITHIN_10], AS_OF, [APRIL]), "within_10")
    worked = golden["sla10"]
    assert (row["numerator"], row["denominator"]) == (worked["met"], worked["met"] + worked["breach"])
    assert row["n_undetermined"] == worked["undetermined"]
    assert row["value"] == pytest.approx(worked["rate_determined"])
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(golden["wilson_6_9"])
    whole = row["n"] + row["n_undetermined"]
    assert row["numerator"] / whole == worked["worst"]
    assert (row["numerator"] + row["n_undetermined"]) / whole == worked["best"]


def test_of_the_closed_alone_claims_look_faster(golden) -> None:
    """The period twin counts what was decided in the month: 6 of 7 in time, median 5, mean 6.14 days."""
    as_of = date(2025, 6, 29)  # so that all seven are decided in May
    kpis = [WITHIN_10, *(kpi for kpi in KPIS if kpi.code.startswith("claim_report_to_decision_days"))]
    facts = ten_claims([2, 3, 3, 5, 8, 10, 12], [6, 15, 40], as_of)
    found = records(facts, kpis, as_of, [date(2025, 5, 1)])
    closed_only = {"basis": "period"}
    assert record(found, "within_10", **closed_only)["value"] == pytest.approx(
        golden["sla10"]["closed_only"], abs=1e-9
    )
    for statistic in ("median", "mean"):
        row = record(found, f"claim_report_to_decision_days_{statistic}", **closed_only)
        assert row["value"] == pytest.approx(golden["km"][f"closed_only_{statistic}"], abs=1e-9)


def test_quantiles_are_of_type_7_and_means_plain(golden) -> None:
    took = [1, 2, 2, 3, 4, 5, 7, 9, 15, 30]
    facts = ten_claims(took, [])
    found = records(
        facts.with_columns(reported_on=pl.lit(APRIL)),
        [kpi for kpi in KPIS if kpi.code.startswith("claim_report_to_decision_days")],
        date(2025, 7, 31),
        [APRIL],
    )
    cohort = {"basis": "cohort"}
    assert (
        record(found, "claim_report_to_decision_days_median", **cohort)["value"] == golden["stats"]["median"]
    )
    p90 = record(found, "claim_report_to_decision_days_p90", **cohort)["value"]
    assert p90 == pytest.approx(golden["stats"]["p90_type7"], abs=1e-9)
    mean = record(found, "claim_report_to_decision_days_mean", **cohort)["value"]
    assert mean == pytest.approx(golden["stats"]["mean"], abs=1e-9)
    # Other definitions of the quantile differ by up to twelve days of these ten claims.
    for method, name in (("linear", "type7"), ("weibull", "type6"), ("inverted_cdf", "nearest_rank")):
        assert np.quantile(took, 0.9, method=method) == pytest.approx(golden["stats"][f"p90_{name}"])


def test_amount_paid_per_amount_claimed(golden) -> None:
    paid = [("reported", date(2025, 4, 2)), ("decided", date(2025, 4, 9), {"outcome": "paid_part"})]
    histories = {
        "a": [*paid, ("paid", date(2025, 4, 9), {"amount": 600})],
        "refused": ended(date(2025, 4, 2), "rejected", date(2025, 4, 9)),
        "without amount claimed": [*paid, ("paid", date(2025, 4, 9), {"amount": 1000})],
    }
    cases = {"a": {"claimed_amount": 1000}, "refused": {"claimed_amount": 200}}
    row = record(
        records(core_claims(histories, AS_OF, cases), ALL, AS_OF, [APRIL]),
        "claim_paid_amount_share",
        basis="period",
    )
    assert (row["numerator"], row["denominator"], row["value"]) == (600, 1200, 0.5)
    histories["in full"] = [*paid, ("paid", date(2025, 4, 9), {"amount": 2500})]
    cases["in full"] = {"claimed_amount": 2300}
    row = record(
        records(core_claims(histories, AS_OF, cases), ALL, AS_OF, [APRIL]),
        "claim_paid_amount_share",
        basis="period",
    )
    assert row["value"] == pytest.approx(golden["amount_ratio"], abs=1e-9) == 3100 / 3500


def test_paid_beyond_60_days() -> None:
    histories = {
        str(days): ended(date(2025, 1, 3), "paid_full", date(2025, 1, 3) + timedelta(days))
        for days in (3, 12, 60, 61)
    }
    found = records(core_claims(histories, AS_OF), ALL, date(2025, 6, 30), [date(2025, 1, 1)])
    assert record(found, "claim_paid_beyond_60_days_share", basis="cohort")["value"] == 1 / 4


def test_a_promise_is_a_kpi() -> None:
    promise = Promise(name="fast", title="Fast", starts="reported_at", ends="paid_at", limit=3, unit="days")
    kpis = claims_terms.promise_kpis(Settings(claims=ClaimSettings(promises=(promise,))))
    assert [kpi.code for kpi in kpis] == ["claim_promise_fast_share"]
    assert kpis[0].slice == ("promise", "fast")
    codes = {kpi.code for kpi in registry(Settings(claims=ClaimSettings(promises=(promise,))))}
    assert codes - {kpi.code for kpi in registry()} == {"claim_promise_fast_share"}


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
        ("reported", date(2025, 4, 1)), ("registered", date(2025, 4, 1)), ("contacted", date(2025, 4, 1)),
        ("documents_requested", date(2025, 4, 2)), ("progress_notified", date(2025, 4, 3)),
        ("documents_complete", date(2025, 4, 4)),
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
            "loss_at": datetime(2025, 3, 30, tzinfo=UTC),
        }
    }  # fmt: skip
    as_of = date(2025, 12, 31)
    facts = core_claims(
        {"rich": rich, "as rich": rich, "refused": refused, "slow": slow, "again": reopened}, as_of, cases
    )
    found = records(facts, ALL, as_of, [date(2025, 1, 1), APRIL]).filter(pl.col("cut") == "company")
    silent = set(found["kpi"]) - set(found.filter(pl.col("value").is_not_null())["kpi"])
    assert silent == set()


def test_all_kpis_of_claims_are_registered() -> None:
    assert {kpi.code for kpi in (*claims_handling.KPIS, *claims_flow.KPIS)} <= {
        kpi.code for kpi in registry()
    }
