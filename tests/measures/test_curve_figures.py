"""KPIs on running clocks against the worked example, against lifelines and against their status rules."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from lifelines import KaplanMeierFitter

from tests.kpi.claims_made import core_claims, record, records
from transforms.measures.curve_measures import (
    Clock,
    Incidence,
    RestrictedMean,
    SurvivalQuantile,
    WithinProbability,
)
from transforms.measures.definition import Kpi

MONTH = date(2025, 3, 1)
# Ten claims in days, * still open: 2, 3, 3, 5, 8, 10, 12, 6*, 15*, 40*.
DECIDED = [2, 3, 3, 5, 8, 10, 12]
STILL_OPEN = [6, 15, 40]
WITHDRAWN = [4, 9]
DAYS = Clock("reported_on", "decided_on", exits=("withdrawn_on",))
INSTANTS = Clock("reported_at", "first_decided_at", exits=("withdrawn_at",))


def kpi(code: str, measure: object, **more: object) -> Kpi:
    return Kpi(
        **{
            "code": code,
            "title": code,
            "fact": "core.claims",
            "measure": measure,
            "unit": "days",
            "direction": -1,
            "dates": {"cohort": "counted_on"},
            "source": "test",
        }
        | more
    )


def ten_claims(withdrawn: list[int], as_of: date) -> pl.DataFrame:
    """The worked claims, placed in one month whatever the day of their report."""
    reported = as_of - timedelta(days=40)
    histories = {
        f"decided {i}": [("reported", reported), ("decided", reported + timedelta(days=days))]
        for i, days in enumerate(DECIDED)
    }
    histories |= {f"open {days}": [("reported", as_of - timedelta(days=days))] for days in STILL_OPEN}
    histories |= {
        f"withdrawn {days}": [("reported", reported), ("withdrawn", reported + timedelta(days=days))]
        for days in withdrawn
    }
    return core_claims(histories, as_of).with_columns(counted_on=pl.lit(MONTH))


def test_ten_claims_by_kaplan_meier() -> None:
    kpis = [
        kpi("median", SurvivalQuantile(DAYS, 0.5)),
        kpi("mean", RestrictedMean(DAYS, 30)),
        kpi("within", WithinProbability(DAYS, 10), unit="probability"),
    ]
    as_of = date(2025, 5, 10)
    found = records(ten_claims([], as_of), kpis, as_of, [MONTH])
    for code, value in (("median", 8), ("mean", 12.1), ("within", 0.64)):
        row = record(found, code)
        assert row["value"] == pytest.approx(value, abs=1e-9)
        assert (row["n"], row["n_undetermined"], row["status"]) == (10, 3, "ok")
        assert row["ci_low"] <= row["value"] <= (row["ci_high"] or np.inf)


def test_withdrawals_compete() -> None:
    """Taken for cases that would have gone on like the rest, those withdrawn make 0.59 of 0.53."""
    kpis = [
        kpi("incidence", Incidence(DAYS, 10), unit="probability"),
        kpi("probability", WithinProbability(DAYS, 10), unit="probability"),
    ]
    as_of = date(2025, 5, 10)
    found = records(ten_claims(WITHDRAWN, as_of), kpis, as_of, [MONTH])
    assert record(found, "incidence")["value"] == pytest.approx(0.52777777778)
    assert record(found, "probability")["value"] == pytest.approx(0.58984375)


def test_every_segment_and_month_equals_a_fit_of_its_own() -> None:
    rng = np.random.default_rng(5)
    as_of = date(2025, 6, 30)
    histories, cases = {}, {}
    for i in range(400):
        reported = datetime(2025, 4, 1, tzinfo=UTC) + timedelta(days=float(rng.uniform(0, 61)))
        events = [("reported", reported)]
        decided = reported + timedelta(days=float(np.exp(rng.normal(2.5, 1))))
        if decided < datetime(2025, 7, 1, tzinfo=UTC):
            events.append(("decided", decided))
        histories[str(i)], cases[str(i)] = events, {"org_unit": "ab"[i % 2]}
    facts = core_claims(histories, as_of, cases)
    measures = {
        "median": SurvivalQuantile(INSTANTS, 0.5),
        "mean": RestrictedMean(INSTANTS, 30),
        "within": WithinProbability(INSTANTS, 10),
    }
    kpis = [kpi(code, m, dates={"cohort": "reported_on"}) for code, m in measures.items()]
    found = records(facts, kpis, as_of, [date(2025, 4, 1), date(2025, 5, 1)])
    end = datetime(2025, 7, 1, tzinfo=UTC)
    for month in (4, 5):
        for unit in ("a", "b"):
            mine = facts.filter((pl.col("org_unit") == unit) & (pl.col("reported_on").dt.month() == month))
            until = [(d or end) - r for d, r in mine.select("first_decided_at", "reported_at").iter_rows()]
            fit = KaplanMeierFitter().fit(
                [each / timedelta(days=1) for each in until], mine["first_decided_at"].is_not_null()
            )
            where = {"segment": unit, "period": date(2025, month, 1)}
            # lifelines steps over a median at which its curve is 0.5 but for rounding; its curve is not wrong.
            median = record(found, "median", **where)["value"]
            assert fit.predict(median + 1e-9) <= 0.5 + 1e-9 < fit.predict(median - 1e-9)
            assert record(found, "within", **where)["value"] == pytest.approx(1 - fit.predict(10))
            grid = np.concatenate([[0], fit.timeline[fit.timeline < 30], [30]])
            steps = fit.survival_function_at_times(grid[:-1]).to_numpy()
            assert record(found, "mean", **where)["value"] == pytest.approx((steps * np.diff(grid)).sum())


def test_a_cohort_followed_too_short_is_immature() -> None:
    """Five days after the end of March the median of a slow cohort is not known, a fast one's is."""
    as_of = date(2025, 4, 5)
    slow = {f"slow {i}": [("reported", date(2025, 3, 20 + i))] for i in range(4)}
    fast = {f"fast {i}": [("reported", date(2025, 3, 2)), ("decided", date(2025, 3, 5))] for i in range(5)}
    units = {name: {"org_unit": name[:4]} for name in (*slow, *fast)}
    facts = core_claims({**slow, **fast}, as_of, units)
    kpis = [
        kpi("median", SurvivalQuantile(DAYS, 0.5), dates={"cohort": "reported_on"}),
        kpi("within", WithinProbability(DAYS, 30), dates={"cohort": "reported_on"}, unit="probability"),
    ]
    found = records(facts, kpis, as_of, [MONTH])
    assert record(found, "median", segment="slow")["status"] == "immature"
    assert record(found, "median", segment="slow")["value"] is None
    assert record(found, "median", segment="fast")["value"] == 3
    assert record(found, "within", segment="slow")["status"] == "immature"
    assert record(found, "within", segment="fast")["value"] == 1
    # Two months later nothing has happened to the slow ones, and that is known.
    later = core_claims({**slow, **fast}, date(2025, 6, 1), units)
    found = records(later, kpis, date(2025, 6, 1), [MONTH])
    assert record(found, "within", segment="slow")["value"] == 0
    assert record(found, "median", segment="slow")["status"] == "immature"


def test_contradictory_claims_are_left_out_and_counted() -> None:
    as_of = date(2025, 5, 10)
    facts = ten_claims([], as_of).with_columns(
        sequence_fault=pl.when(pl.col("claim_id") == "open 40").then(pl.lit("no report"))
    )
    median = kpi("median", SurvivalQuantile(DAYS, 0.5), excluded=pl.col("sequence_fault").is_not_null())
    row = record(records(facts, [median], as_of, [MONTH]), "median")
    assert (row["n"], row["n_excluded"], row["n_undetermined"]) == (9, 1, 2)
