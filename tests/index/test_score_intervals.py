"""index.score_intervals: recovery of known scores, dependence between KPIs, laws and peers."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from index_examples import FIVE_BRANCHES, JANUARY, branch_records, framework, leaf, records
from index_examples import KPIS as FOUR_KPIS
from scipy import stats

from transforms.index.score_intervals import resampled_intervals
from transforms.measures.case_measures import Mean, Quantile, Share
from transforms.measures.definition import Kpi
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import Settings

AS_OF = date(2025, 2, 28)
DAYS = pl.col("days")
WITHIN_30 = Share(of=DAYS <= 30, among=DAYS.is_not_null())
LOG_SD = 0.8


def kpi(code: str, measure, direction: int = -1) -> Kpi:
    return Kpi(
        code=code,
        title=code,
        fact="core.cases",
        measure=measure,
        unit="days",
        direction=direction,
        dates={"cohort": "on"},
        source="test",
    )


KPIS = (
    kpi("median", Quantile("days", 0.5)),
    kpi("p90", Quantile("days", 0.9)),
    kpi("within_30", WITHIN_30, 1),
    kpi("late", Share(of=DAYS > 30, among=DAYS.is_not_null())),
    kpi("mean", Mean("days")),
)
THREE = framework(
    {
        "median": leaf("median", 30, 2),
        "p90": leaf("p90", 120, 10),
        "within_30": leaf("within_30", 0.3, 1.0),
    },
    aggregation="geometric",
    grades={"scale": {"A": 70, "B": 60, "C": 0}},
)


def cases(units: int, n: int, *, customers: int | None = None, seed: int = 5) -> pl.DataFrame:
    """Days of n cases a unit, lognormal about the unit's own median; half the spread is the customer's."""
    rng = np.random.default_rng(seed)
    median = np.exp(np.linspace(2.2, 3.0, units))
    customer = rng.integers(customers, size=(units, n)) if customers else np.tile(np.arange(n), (units, 1))
    own = rng.normal(size=(units, customers or n))
    part = np.sqrt(0.5) if customers else 0.0
    noise = part * np.take_along_axis(own, customer, axis=1) + np.sqrt(1 - part**2) * rng.normal(
        size=(units, n)
    )
    days = median[:, None] * np.exp(LOG_SD * noise)
    unit = np.repeat(np.arange(units), n)
    return pl.DataFrame(
        {
            "org_unit": [f"B{u:03}" for u in unit],
            "customer_id": [f"{u}-{c}" for u, c in zip(unit, customer.ravel(), strict=True)],
            "on": JANUARY,
            "days": days.ravel(),
        }
    )


def true_score(unit: int, units: int) -> float:
    mu = np.linspace(2.2, 3.0, units)[unit]
    median, p90 = np.exp(mu), np.exp(mu + LOG_SD * stats.norm.ppf(0.9))
    within = stats.norm.cdf((np.log(30) - mu) / LOG_SD)
    scores = np.array([(30 - median) / 28, (120 - p90) / 110, (within - 0.3) / 0.7]) * 100
    return float(np.exp(np.log(scores).mean()))


def records_of(frame: pl.DataFrame) -> pl.LazyFrame:
    settings = Settings(cuts=("company", "org_unit"))
    periods = month_periods([JANUARY])
    found = kpi_records({"core.cases": frame.lazy()}, KPIS, periods, as_of=AS_OF, settings=settings)
    return found.filter(cut="org_unit").lazy()


def intervals(frame: pl.DataFrame, spec=THREE, **how) -> pl.DataFrame:
    facts = {"core.cases": frame.lazy()}
    how = {"draws": 1000, "seed": 42, **how}
    found = resampled_intervals(records_of(frame), [spec], facts, KPIS, as_of=AS_OF, **how)
    return found.collect().filter(node="index").sort("segment")


def of_records(kpis: pl.LazyFrame, spec=THREE, draws: int = 1000) -> pl.DataFrame:
    """Intervals without cases: every KPI is drawn on its own, from its record's interval."""
    found = resampled_intervals(kpis, [spec], {}, (), as_of=AS_OF, draws=draws, seed=42)
    return found.collect().sort("segment", "node")


def width(table: pl.DataFrame) -> float:
    return (table["score_high"] - table["score_low"]).mean()


def holds(table: pl.DataFrame, truth: np.ndarray) -> int:
    low, high = table["score_low"].to_numpy(), table["score_high"].to_numpy()
    return int(((low <= truth) & (truth <= high)).sum())


def test_intervals_hold_the_true_score_as_often_as_they_say():
    """240 branches of 300 claims by 150 customers, three KPIs of the same claims: about 95 % hold the truth."""
    units = 240
    frame = cases(units, 300, customers=150)
    table = intervals(frame)
    truth = np.array([true_score(i, units) for i in range(units)])
    held = holds(table, truth)
    assert stats.binomtest(held, units, 0.95).pvalue > 0.01, held / units
    assert table["method"].unique().to_list() == ["cases"]

    apart = of_records(records_of(frame)).filter(node="index")
    missed = units - holds(apart, truth)
    assert apart["method"].unique().to_list() == ["intervals"]
    assert stats.binomtest(missed, units, 0.05, alternative="greater").pvalue < 1e-4
    assert width(apart) < 0.8 * width(table), "KPIs drawn apart from each other make the index look too sure"


def test_an_index_of_a_kpi_and_its_mirror_does_not_move():
    mirrored = framework({"within_30": leaf("within_30", 0, 1), "late": leaf("late", 0, 1)})
    frame = cases(3, 200)
    assert width(intervals(frame, mirrored)) < 1e-9
    apart = of_records(records_of(frame), mirrored).filter(node="index")
    assert width(apart) > 5


def test_customers_and_not_their_claims_are_independent():
    """Every claim twice, of the same customer: no more is known. Of two customers: a √2 narrower interval."""
    spec = framework({"mean": leaf("mean", 100, 0)})
    frame = cases(20, 150)
    twice = pl.concat([frame, frame])
    others = pl.concat([frame, frame.with_columns(pl.col("customer_id") + "x")])
    once = width(intervals(frame, spec))
    assert width(intervals(twice, spec)) == pytest.approx(once, rel=0.02)
    assert width(intervals(others, spec)) == pytest.approx(once / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize(
    ("code", "statistic"), [("mean", np.mean), ("median", np.median), ("p90", lambda x: np.quantile(x, 0.9))]
)
def test_a_single_kpi_has_the_interval_of_scipy(code, statistic):
    frame = cases(1, 400)
    row = intervals(frame, framework({code: leaf(code, 200, 0)}), draws=20_000).row(0, named=True)
    days = frame["days"].to_numpy()
    peer = stats.bootstrap(
        (days,), statistic, vectorized=False, n_resamples=5_000, method="percentile", rng=1
    ).confidence_interval
    ours = (200 - 2 * row["score_high"], 200 - 2 * row["score_low"])
    assert ours == pytest.approx((peer.low, peer.high), abs=0.08 * (peer.high - peer.low))


def test_neither_order_nor_company_of_rows_changes_an_interval():
    frame = cases(6, 80, customers=40)
    table = intervals(frame)
    assert intervals(frame.sample(fraction=1.0, shuffle=True, seed=1)).equals(table)
    some = pl.col("org_unit").is_in(["B001", "B004"])
    assert intervals(frame.filter(some)).equals(table.filter(pl.col("segment").is_in(["B001", "B004"])))
    assert not intervals(frame, seed=43).equals(table)


def test_scores_of_shrunk_branches_are_drawn_from_the_limits_they_were_shrunk_to():
    """Twelve branches of eight claims, alike but for chance: the others say more of each than its own claims do."""
    frame = cases(1, 96).with_columns(org_unit=pl.format("B{}", pl.int_range(96) // 8))
    own, shrunk = (
        intervals(frame, framework({"within_30": leaf("within_30", 0, 1, **how)}))
        for how in ({}, {"if_small": "shrunk", "minimum_denominator": 9})
    )
    assert shrunk["method"].unique().to_list() == ["intervals"]
    assert width(shrunk) < 0.7 * width(own)
    assert shrunk["score"].std() < 0.5 * own["score"].std()
    whole = 100 * frame.select((DAYS <= 30).mean()).item()
    assert holds(shrunk, np.full(12, whole)) == 12


def test_a_median_of_no_values_stands_still():
    """The records are those of before; of the facts that are left no case has a duration."""
    frame = cases(2, 50)
    spec = framework({"median": leaf("median", 30, 2), "late": leaf("late", 1, 0)})
    facts = {"core.cases": frame.lazy().with_columns(days=pl.lit(None, dtype=pl.Float64))}
    kpis = records_of(frame).with_columns(ci_low=None, ci_high=None)
    table = resampled_intervals(kpis, [spec], facts, KPIS, as_of=AS_OF, draws=20, seed=1).collect()
    index = table.filter(node="index")
    assert (
        index["score_low"].to_list()
        == index["score_high"].to_list()
        == pytest.approx(index["score"].to_list())
    )


def noisy(value: float = 80.0, half_width: float = 9.8) -> pl.LazyFrame:
    ends = {"ci_low": value - half_width, "ci_high": value + half_width}
    return records([{"kpi": kpi, "value": value, "segment": s, **ends} for kpi in "ab" for s in ("B1", "B2")])


TWO = framework({"a": leaf("a", weight=0.6), "b": leaf("b", weight=0.4)})


def test_intervals_of_scores_follow_from_those_of_the_kpis():
    """Two independent KPIs with standard error 5: that of the index is 5 √(.6² + .4²)."""
    table = of_records(noisy(), TWO, 20_000)
    half_width = 1.96 * 5 * np.sqrt(0.6**2 + 0.4**2)
    assert table["score_low"].to_list() == pytest.approx([80 - half_width] * 2, abs=0.3)
    assert table["score_high"].to_list() == pytest.approx([80 + half_width] * 2, abs=0.3)
    alone = of_records(noisy().filter(segment="B2"), TWO, 20_000)
    assert alone.equals(table.filter(pl.col("segment") == "B2"))


def test_a_missing_kpi_leaves_the_interval_of_the_others():
    spec = framework({"a": leaf("a", weight=0.7), "b": leaf("b", weight=0.3)}, coverage={"index": 0.7})
    is_missing = (pl.col("kpi") == "b") & (pl.col("segment") == "B1")
    kpis = noisy().with_columns(status=pl.when(is_missing).then(pl.lit("no_data")).otherwise("status"))
    table = of_records(kpis, spec, 20_000)
    assert table["score"].to_list() == pytest.approx([80, 80])
    assert table["score_low"].to_list() == pytest.approx([70.2, 80 - 9.8 * np.hypot(0.7, 0.3)], abs=0.2)


def test_a_kpi_without_an_interval_stands_still_and_bands_jump():
    bands = {"cut_points": [50], "points": [0, 100]}
    spec = framework({"a": leaf("a"), "b": leaf("b", normalisation="bands", bands=bands)})
    rows = [{"kpi": "a", "value": 60.0}, {"kpi": "b", "value": 51.0, "ci_low": 41.2, "ci_high": 60.8}]
    row = of_records(records(rows), spec).row(0, named=True)
    assert (row["score"], row["score_low"], row["score_high"]) == (80, 30, 80)


def test_frameworks_that_compare_units_have_no_interval_of_their_own():
    spec = framework({kpi: leaf(kpi, normalisation="min_max") for kpi in FOUR_KPIS})
    assert of_records(branch_records(FIVE_BRANCHES), spec).height == 0
