"""kpi.action_effects: a worked example, and verdicts on series whose truth is known."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import stats

from transforms.kpi.action_effects import action_effects
from transforms.measures.ordinary_variation import SIGNALS, charted
from transforms.measures.records import RECORD
from transforms.settings import Settings
from transforms.statistics.before_after import change, power, sample

ACTION = {
    **dict.fromkeys(("action_id", "kpi", "basis", "cut", "segment"), pl.String),
    "opened_on": pl.Date,
    "done_on": pl.Date,
    "target": pl.Float64,
    "check_after_months": pl.Int64,
}
AS_OF = date(2024, 12, 31)
# Series whose months are judged: so many KPIs of so many segments over so many months.
SERIES, SEGMENTS, MONTHS = 1_000, 4, 48
USUAL, OWN_NOISE = 20.0, 2.0


def day(month: int, of_month: int = 1) -> date:
    """A day of a month of the series, which begin in 2021."""
    return date(2021 + month // 12, month % 12 + 1, of_month)


def monthly(values: np.ndarray, cut: str = "org_unit", unit: str = "days", **every: object) -> pl.LazyFrame:
    """Records of KPIs `0`, `1`, … by segment and month, of 100 cases a month; lower is better."""
    kpi, segment, month = (axis.ravel() for axis in np.indices(values.shape))
    rows = pl.DataFrame(
        {
            "kpi": pl.Series(kpi).cast(pl.String),
            "segment": "company" if cut == "company" else pl.Series(segment).cast(pl.String),
            "period": pl.Series([day(m) for m in range(values.shape[2])]).gather(month),
            "value": values.ravel(),
        }
    )
    usual = {
        "n": 100,
        "denominator": 100.0,
        "direction": -1,
        "status": "ok",
        "basis": "cohort",
        "as_of": AS_OF,
    }
    given = {"cut": cut, "unit": unit, **usual, **every}
    rows = rows.with_columns(*(pl.lit(value).alias(name) for name, value in given.items()))
    rows = rows.with_columns(numerator=pl.col("value") * pl.col("denominator"))
    missing = [pl.lit(None).alias(name) for name in RECORD if name not in rows.columns]
    return (
        rows.with_columns(missing)
        .select(pl.col(name).cast(dtype) for name, (dtype, _) in RECORD.items())
        .lazy()
    )


def judged(records: pl.LazyFrame, actions: list[dict], signals: pl.LazyFrame | None = None) -> pl.DataFrame:
    """The effects of actions; those that say nothing else are on the first segment of branches."""
    usual = {"kpi": "0", "basis": "cohort", "cut": "org_unit", "segment": "0"}
    told = [{"action_id": f"{i:05}", **usual, **action} for i, action in enumerate(actions)]
    none = pl.LazyFrame(schema={name: dtype for name, (dtype, _) in SIGNALS.items()})
    found = action_effects(
        actions=pl.LazyFrame(told, schema=ACTION),
        kpi_monthly=records,
        signals=none if signals is None else signals,
        as_of=AS_OF,
        settings=Settings(),
    )
    return found.collect().sort("action_id")


def own_and_others(own: list[float], others: list[float]) -> np.ndarray:
    return np.array([[own, others]])


# Days to a decision: of the branch 20, 22, 21 in three months and 16, 15, 17 after; of the others 18 and then 17.
OWN = [20.0, 22, 21, 30, 30, 16, 15, 17]
OTHERS = [18.0, 18, 18, 18, 18, 17, 17, 17]
DONE = {"opened_on": day(4, 10), "done_on": day(4, 20), "target": 17.0}


def test_the_change_is_held_against_that_of_the_others():
    found = judged(monthly(own_and_others(OWN, OTHERS)), [DONE]).row(0, named=True)
    assert (found["before"], found["after"]) == (21, 16)
    assert (found["others_before"], found["others_after"]) == (18, 17)
    judge = stats.ttest_ind([-1.0, -2, 0], [2.0, 4, 3])
    limits = judge.confidence_interval(0.95)
    assert found["effect"] == pytest.approx(-4)
    assert (found["effect_low"], found["effect_high"]) == pytest.approx((limits.low, limits.high))
    # The month before it was opened set it off, and the month in which it was done is neither before nor after.
    assert (found["trigger_period"], found["before_to"], found["after_from"]) == (day(3), day(2), day(5))
    assert (found["target_effect"], found["verdict"], found["is_alone"]) == (-4, "helped", False)
    assert 0.5 < found["power"] < 1


def test_verdicts():
    records = monthly(own_and_others(OWN, OTHERS))
    late = {"opened_on": day(4), "done_on": day(5)}
    actions = [DONE, DONE | {"check_after_months": 4}, late, {"opened_on": day(4)}, DONE | {"kpi": None}]
    worse = monthly(own_and_others(OWN[::-1], OTHERS), direction=1)
    assert judged(records, actions)["verdict"].to_list() == ["helped", "too_early", "too_early", None]
    assert judged(monthly(own_and_others(OWN, OTHERS), direction=1), [DONE])["verdict"].item() == "worse"
    assert judged(monthly(own_and_others(OWN, OWN)), [DONE])["verdict"].item() == "not_separable"
    assert judged(worse, [{"opened_on": day(1), "done_on": day(1)}])["verdict"].item() == "not_separable"


def test_the_company_has_nobody_beside_it():
    records = monthly(np.array([[OWN]]), cut="company")
    found = judged(records, [DONE | {"cut": "company", "segment": "company"}]).row(0, named=True)
    assert (found["is_alone"], found["effect"], found["others_before"]) == (True, -5, None)


def test_others_are_together_what_their_cases_are():
    """Of shares numerators and denominators add up; what is no quotient is weighted by cases."""
    values = np.array([[[0.5] * 8, [0.2] * 8, [0.8] * 8]])
    n = pl.when(pl.col("segment") == "2").then(300).otherwise(100)
    for unit in ("share", "days"):
        records = monthly(values, unit=unit).with_columns(n=n, denominator=n.cast(pl.Float64))
        records = records.with_columns(numerator=pl.col("value") * pl.col("denominator"))
        assert judged(records, [DONE])["others_before"].item() == pytest.approx(0.65)


def test_months_between_opening_and_completion_come_first_as_nobody_chose_them():
    slow = {"opened_on": day(0, 10), "done_on": day(4, 20)}
    found = judged(monthly(own_and_others(OWN, OTHERS)), [slow]).row(0, named=True)
    assert (found["compared_with"], found["before_from"], found["before_to"]) == (
        "after_opening",
        day(1),
        day(3),
    )


def test_all_months_of_a_signal_are_left_out():
    """Eight months above what is usual set an action off: the months before are those before all eight."""
    values = own_and_others([20.0, 21] * 8 + [25.0] * 9 + [20.0, 21] * 4, [18.0] * 33)
    records = monthly(values)
    signals = charted(records)
    found = judged(records, [{"opened_on": day(25, 5), "done_on": day(25, 20)}], signals).row(0, named=True)
    assert found["trigger_rule"] is not None and found["trigger_period"] == day(24)
    assert found["before_to"] < day(16)
    told_later = judged(records, [{"opened_on": day(24, 5), "done_on": day(25, 20)}], signals).row(
        0, named=True
    )
    assert told_later["trigger_period"] == day(23)


def drawn(generator: np.random.Generator, series: int = SERIES) -> np.ndarray:
    """Series without a change: what moves all segments of a KPI, and their own noise."""
    shared = generator.normal(0, 1.5, (series, 1, MONTHS))
    return USUAL + shared + generator.normal(0, OWN_NOISE, (series, SEGMENTS, MONTHS))


def upper_limit(helped: int, of: int) -> float:
    return float(stats.binomtest(helped, of).proportion_ci(0.95, method="exact").high)


def share_helped(found: pl.DataFrame) -> tuple[float, float]:
    helped = int((found["verdict"] == "helped").sum())
    assert (found["verdict"] != "too_early").all()
    return helped / len(found), upper_limit(helped, len(found))


@pytest.mark.parametrize(("months_to_do", "check_after"), [(1, 3), (6, 6)])
def test_without_an_effect_help_is_seldom_told(months_to_do, check_after):
    records = monthly(drawn(np.random.default_rng(15)))
    action = {
        "opened_on": day(30, 10),
        "done_on": day(30 + months_to_do, 10),
        "check_after_months": check_after,
    }
    share, limit = share_helped(judged(records, [{"kpi": str(k), **action} for k in range(SERIES)]))
    assert share <= 0.05 and limit <= 0.065


@pytest.mark.parametrize(("months_to_do", "months_before", "effect"), [(1, 12, 2.0), (6, 4, 4.0)])
def test_an_effect_of_the_size_of_the_target_is_found_as_often_as_told(months_to_do, months_before, effect):
    """As often as at the truth; told is an estimate from few months, the middle one of which is near it."""
    values = drawn(np.random.default_rng(16))
    done = 30 + months_to_do
    action = {"opened_on": day(30, 10), "done_on": day(done - 1, 28), "check_after_months": 6}
    actions = [{"kpi": str(k), **action} for k in range(SERIES)]
    before = judged(monthly(values), actions)["before"].to_list()
    values[:, 0, done:] -= effect
    aimed = [{**one, "target": usual - effect} for one, usual in zip(actions, before, strict=True)]
    found = judged(monthly(values), aimed)
    share, _ = share_helped(found)
    error = 3 * np.sqrt(share * (1 - share) / SERIES)
    variance = OWN_NOISE**2 * (1 + 1 / (SEGMENTS - 1))
    truth = change(sample([months_before], [0.0], [variance]), sample([6], [0.0], [variance]))
    assert share == pytest.approx(power([effect], truth).item(), abs=error)
    assert share == pytest.approx(found["power"].median(), abs=error)


@pytest.mark.parametrize("months_to_do", [1, 6])
def test_the_worst_month_of_a_year_is_not_followed_by_help(months_to_do):
    values = drawn(np.random.default_rng(17))
    years = np.lib.stride_tricks.sliding_window_view(values[:, 0, 12:38], 12, axis=1)
    is_worst = years[:, :, -1] == years.max(axis=2)
    opened = 12 + 11 + is_worst.argmax(axis=1) + 1
    actions = [
        {"kpi": str(k), "opened_on": day(m, 5), "done_on": day(m + months_to_do, 5), "check_after_months": 3}
        for k, m in enumerate(opened)
        if is_worst[k].any()
    ]
    assert len(actions) > 0.8 * SERIES
    share, limit = share_helped(judged(monthly(values), actions))
    assert share <= 0.05 and limit <= 0.065


@pytest.mark.parametrize("months_to_do", [1, 6])
def test_signals_by_chance_are_not_followed_by_help(months_to_do):
    values = drawn(np.random.default_rng(18), series=4_000)
    records = monthly(values)
    signals = charted(records.filter(pl.col("segment") == "0")).collect()
    first = (
        signals.filter(pl.col("is_signal") & ~pl.col("is_good") & (pl.col("period") >= day(24)))
        .filter(pl.col("period") < day(38))
        .group_by("kpi")
        .agg(pl.col("period").min())
        .sort("kpi")
    )
    actions = [
        {
            "kpi": kpi,
            "opened_on": (opened := day((period.year - 2021) * 12 + period.month)).replace(day=5),
            "done_on": day((opened.year - 2021) * 12 + opened.month - 1 + months_to_do, 5),
            "check_after_months": 3,
        }
        for kpi, period in first.iter_rows()
    ]
    assert len(actions) > 300
    share, limit = share_helped(judged(records, actions, signals.lazy()))
    assert share <= 0.05 and limit <= 0.065
