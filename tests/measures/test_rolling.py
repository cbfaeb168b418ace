"""Windows of months are what their cases make, and small segments of an index take the shortest that is enough."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.index.index_examples import framework, leaf, made
from transforms.framework import windows_asked
from transforms.framework_file import FrameworkError, read_framework
from transforms.index.nodes import nodes
from transforms.index.scores import scores
from transforms.measures.case_figures import adds_up
from transforms.measures.case_measures import Mean, Quantile, Share
from transforms.measures.definition import Kpi
from transforms.measures.records import kpi_records
from transforms.periods import MONTH, WINDOW_GRAINS, month_periods, months_until
from transforms.settings import Settings

AS_OF = date(2025, 12, 31)
MONTHS = months_until(AS_OF, 14)
SETTINGS = Settings(time_zone="UTC", months=14, cuts=("company", "org_unit"))
MEASURES = {
    "mean": Mean("x"),
    "share": Share(of=pl.col("x") >= 50, among=pl.col("x").is_not_null()),
    "median": Quantile("x", 0.5),
}
KPIS = [
    Kpi(
        code=code, title=code, fact="core.cases", measure=measure, unit="share" if code == "share" else "score_0_100",
        direction=1, dates={"period": "on"}, source="this test", minimum=5, suppress_below=2,
    )
    for code, measure in MEASURES.items()
]  # fmt: skip
Cases = list[tuple[int, str, float]]
cases = st.lists(
    st.tuples(st.integers(0, 13), st.sampled_from(["a", "b"]), st.integers(0, 100).map(float)), min_size=1
)


def facts(rows: Cases) -> dict[str, pl.LazyFrame]:
    schema = {"on": pl.Date, "org_unit": pl.String, "x": pl.Float64}
    frame = pl.DataFrame([(MONTHS[month], *rest) for month, *rest in rows], schema=schema, orient="row")
    return {"core.cases": frame.lazy()}


def records(rows: Cases, windows: dict[tuple[str, str], int]) -> pl.DataFrame:
    months = month_periods(MONTHS).select(pl.lit(MONTH).alias("grain"), "starts_on", "ends_on")
    return kpi_records(facts(rows), KPIS, months, as_of=AS_OF, settings=SETTINGS, windows=windows)


@given(cases)
@settings(max_examples=25)
def test_a_window_is_what_the_cases_of_its_months_make(rows: Cases) -> None:
    found = records(rows, {("mean", "period"): 12, ("share", "period"): 3, ("median", "period"): 12})
    asked = found.filter(pl.col("grain") != MONTH).group_by("kpi").agg(pl.col("grain").unique().sort())
    assert dict(asked.iter_rows()) == {"mean": ["window_12", "window_3", "window_6"], "share": ["window_3"]}
    for grain, length in WINDOW_GRAINS.items():
        longer = pl.DataFrame(
            {
                "starts_on": MONTHS[: len(MONTHS) - length + 1],
                "ends_on": month_periods(MONTHS)["ends_on"][length - 1 :],
            }
        )
        whole = kpi_records(facts(rows), KPIS, longer, as_of=AS_OF, settings=SETTINGS)
        last = dict(zip(MONTHS, MONTHS[length - 1 :], strict=False))
        whole = whole.with_columns(pl.col("period").replace_strict(last, return_dtype=pl.Date))
        own = found.filter(pl.col("grain") == grain, pl.col("period") >= MONTHS[length - 1])
        both = own.join(whole, on=["kpi", "basis", "cut", "segment", "period"])
        assert both.height == own.height
        for name in ("value", "ci_low", "ci_high", "n", "status", "numerator", "denominator"):
            assert both[name].equals(both[f"{name}_right"], null_equal=True), name
    early = found.filter(pl.col("grain") == "window_12", pl.col("period") < MONTHS[11])
    assert set(early["status"]) == {"no_data"}


def test_months_are_what_they_are_without_windows() -> None:
    rows: Cases = [(month, unit, 10.0 * month) for month in range(14) for unit in "ab"]
    alone = records(rows, {})
    assert records(rows, {("mean", "period"): 12}).filter(pl.col("grain") == MONTH).equals(alone)


def test_medians_do_not_add_up_and_no_framework_may_ask_them_to() -> None:
    assert [kpi.code for kpi in KPIS if adds_up(kpi)] == ["mean", "share"]
    text = """
        {code: f, version: 1, title: F, index: {children: {m: {kpi: median, if_small: rolling_6,
        goalposts: {worst: 0, best: 100}}}}}"""
    with pytest.raises(
        FrameworkError, match=r"index\.children\.m\.if_small: months of median cannot be added up"
    ):
        read_framework(text, {"median": 1}, adding_up={"mean", "share"})


def node(rows: Cases, if_small: str, month: int, segment: str = "a") -> dict[str, object]:
    """The leaf of a framework with a minimum of 5 cases, of a segment and month."""
    spec = framework({"m": leaf("mean", basis="period", minimum_denominator=5, if_small=if_small)})
    found = records(rows, windows_asked([spec]))
    windows = found.with_columns(
        window_months=pl.col("grain").replace_strict(WINDOW_GRAINS, default=1, return_dtype=pl.Int32)
    )
    months = windows.filter(pl.col("grain") == MONTH).drop("window_months")
    kpis = {
        "kpi_monthly": months.lazy(),
        "kpi_windows": windows.filter(pl.col("grain") != MONTH).drop("grain").lazy(),
    }
    unit = (pl.col("period") == MONTHS[month]) & (pl.col("segment") == segment)
    own = made(scores, spec, **kpis).filter(unit, pl.col("node") == "index").collect().row(0, named=True)
    of_leaf = made(nodes, spec, **kpis).filter(unit, pl.col("node") == "m").collect().row(0, named=True)
    assert own["window_months"] == (of_leaf["window_months"] if of_leaf["score"] is not None else 0)
    return of_leaf


@pytest.mark.parametrize(
    ("if_small", "window", "score"),
    [("missing", 1, None), ("rolling_3", 1, None), ("rolling_6", 6, 30.0), ("rolling_12", 6, 30.0)],
)
def test_a_small_segment_takes_the_shortest_window_that_is_enough(if_small, window, score) -> None:
    """One case per month, of 30 points: six months are the first window that has five."""
    found = node([(month, "a", 30.0) for month in range(14)] + [(13, "b", 90.0)] * 9, if_small, 13)
    assert (found["window_months"], found["score"]) == (window, score)
    assert (found["n"], found["minimum"]) == (window, 5.0)
    if score is None:
        assert found["status"] == "suppressed"


def test_a_month_that_is_enough_stands_for_itself() -> None:
    rows: Cases = [(12, "a", 0.0)] * 5 + [(13, "a", 80.0)] * 5
    assert (node(rows, "rolling_12", 13)["window_months"], node(rows, "rolling_12", 13)["score"]) == (1, 80.0)


def test_a_window_is_not_begun_before_the_months_there_are() -> None:
    found = node([(month, "a", 30.0) for month in range(14)], "rolling_12", 4)
    assert (found["window_months"], found["score"]) == (1, None)
