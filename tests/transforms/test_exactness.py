"""What is equal on paper is equal in every rule: sums, published values, and limits, in whatever order rows come."""

from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.index.index_examples import framework
from transforms.composite.banding import banded as grade_positions
from transforms.composite.normalise import banded
from transforms.exactness import compared, compared_array, divided, published
from transforms.measures.case_measures import Mean, Ratio
from transforms.measures.definition import Kpi
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import Settings

MONTH = date(2025, 3, 1)
AS_OF = date(2025, 6, 30)
SETTINGS = Settings(time_zone="UTC", months=1, cuts=("company",))


def kpi(measure: Mean | Ratio) -> Kpi:
    return Kpi(
        code="k", title="K", fact="core.cases", measure=measure, unit="days", direction=1,
        dates={"period": "on"}, source="this test",
    )  # fmt: skip


def record(measure: Mean | Ratio, **columns: list[Decimal] | list[float]) -> dict[str, object]:
    rows = pl.DataFrame({name: [float(v) for v in values] for name, values in columns.items()})
    facts = {"core.cases": rows.lazy().with_columns(on=pl.lit(MONTH))}
    periods = month_periods([MONTH])
    return kpi_records(facts, [kpi(measure)], periods, as_of=AS_OF, settings=SETTINGS).row(0, named=True)


def decimals(places: int, largest: int = 10**6) -> st.SearchStrategy[Decimal]:
    return st.integers(-largest, largest).map(lambda units: Decimal(units).scaleb(-places))


@st.composite
def rows_with_mean(draw: st.DrawFn) -> tuple[list[Decimal], Decimal]:
    """Decimals whose mean is a decimal too, in any order."""
    places = draw(st.integers(0, 7))
    mean = abs(draw(decimals(places)))
    steps = draw(st.lists(decimals(places), min_size=1, max_size=30))
    rows = (
        [mean + step for step in steps] + [mean - step for step in steps] + [mean] * draw(st.integers(0, 30))
    )
    return draw(st.permutations(rows)), mean


@given(rows_with_mean())
@settings(max_examples=60)
def test_a_mean_that_is_a_decimal_is_published_as_it(drawn: tuple[list[Decimal], Decimal]) -> None:
    rows, mean = drawn
    found = record(Mean("x"), x=rows)
    assert found["value"] == float(mean)
    assert found["numerator"] == float(sum(rows))


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=12),
    st.integers(1, 99),
    st.integers(1, 40),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60)
def test_a_share_of_money_that_is_a_decimal_is_published_as_it(cents, percent, times, random) -> None:
    """Each amount stands `percent` times in the numerator and 100 times in the denominator, over so many rows."""
    amounts = [Decimal(amount).scaleb(-2) for amount in cents] * times
    pairs = [(amount * percent, amount * 100) for amount in amounts]
    random.shuffle(pairs)
    found = record(Ratio("y", "x", is_share=True), y=[y for y, _ in pairs], x=[x for _, x in pairs])
    assert found["value"] == percent / 100


@given(
    st.lists(st.floats(-1e12, 1e12, allow_nan=False) | st.floats(-100, 100), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60)
def test_sums_of_any_numbers_do_not_hang_on_the_order_of_rows(values, random) -> None:
    once = record(Mean("x"), x=values)
    random.shuffle(values)
    assert record(Mean("x"), x=values) == once
    assert once["numerator"] == pytest.approx(float(sum(map(Decimal, values))), rel=1e-13, abs=1e-9)


@given(st.integers(1, 10**6), st.integers(0, 6), st.integers(-3, 3), st.booleans())
@settings(max_examples=80)
def test_a_value_on_a_limit_but_for_its_last_digits_is_on_it(units, places, off, lower_is_better) -> None:
    """The limit and a value some floats away from it belong to one band, the better of the two."""
    limit = float(Decimal(units).scaleb(-places))
    value = limit
    for _ in range(abs(off)):
        value = float(np.nextafter(value, np.inf if off > 0 else -np.inf))
    points = [5.0, 1.0] if lower_is_better else [1.0, 5.0]
    frame = pl.DataFrame({"value": [value, limit * 1.0001, limit * 0.9999]})
    found = frame.select(banded(pl.col("value"), [limit], points)).to_series().to_list()
    assert found == ([5.0, 1.0, 5.0] if lower_is_better else [5.0, 5.0, 1.0])
    same = frame.head(1).select(compared(pl.col("value")) == compared(pl.lit(limit)))
    assert same.item() and compared_array([value])[0] == compared_array([limit])[0]


def test_means_of_scores_that_are_a_grade_limit_on_paper_have_the_better_grade() -> None:
    scale = framework(
        {"a": {"kpi": "k", "goalposts": {"worst": 0, "best": 1}}}, grades={"scale": {"A": 70, "B": 0}}
    )
    weights, scores = [0.1, 0.2, 0.7], [70.0 - 2.1, 70.0 - 0.7, 70.0 + 0.5]
    on_the_limit = sum(w * s for w, s in zip(weights, scores, strict=True))
    below = [on_the_limit, np.nextafter(70.0, 0), 69.999999]
    assert scale.grades
    assert grade_positions(np.array(below), scale.grades).tolist() == [0, 0, 1]


def test_published_values_are_the_nearest_decimals_and_nothing_else_moves() -> None:
    values = pl.DataFrame({"value": [0.6999999999999998, 1 / 3, None, 0.0, -2.5, float("inf")]})
    found = values.select(published(pl.col("value"))).to_series().to_list()
    assert found == [0.7, pytest.approx(1 / 3, rel=1e-14), None, 0.0, -2.5, float("inf")]
    kept = compared_array([[np.nan, np.inf], [-np.inf, 70.0]])
    assert np.array_equal(kept, [[np.nan, np.inf], [-np.inf, 70.0]], equal_nan=True)


@given(st.integers(-(10**13), 10**13), st.sampled_from([60, 3600, 60_000_000, 86_400_000_000, 7]))
def test_a_quotient_is_the_same_however_many_rows_there_are(value: int, divisor: int) -> None:
    alone, among = (pl.DataFrame({"value": [value] * rows}) for rows in (1, 1000))
    found = {frame.select(divided(pl.col("value"), divisor))["value"][0] for frame in (alone, among)}
    assert found == {among.select(pl.col("value") / divisor)["value"][0]}
