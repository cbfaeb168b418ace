"""Values and intervals lie in the range of their unit, whatever the amounts: nothing valid is stopped or wrong."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.measures.case_measures import Mean, Ratio
from transforms.measures.definition import Kpi
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import Settings
from transforms.units import UNITS, unit_rows

MONTH, AS_OF = date(2025, 3, 1), date(2025, 3, 31)
PAID_BACK = Kpi(
    code="paid_over_premium",
    title="",
    fact="core.accounts",
    measure=Ratio("paid", "premium"),
    unit="ratio",
    direction=0,
    dates={"period": "booked_on"},
    source="",
)
amounts = st.integers(-10, 10).map(float)


def company(kpi: Kpi, paid: list[float], premium: list[float]) -> dict[str, object]:
    facts = {
        "core.accounts": pl.LazyFrame(
            {"booked_on": [MONTH] * len(paid), "paid": paid, "premium": premium},
            schema={"booked_on": pl.Date, "paid": pl.Float64, "premium": pl.Float64},
        )
    }
    settings = Settings(cuts=("company",))
    return kpi_records(facts, [kpi], month_periods([MONTH]), as_of=AS_OF, settings=settings).row(
        0, named=True
    )


@given(
    st.sampled_from([code for code, unit in UNITS.items() if unit.is_quotient]),
    st.lists(st.tuples(amounts, amounts), min_size=1, max_size=6),
)
@example("ratio", [(3.0, -5.0)])
@example("share", [(1.2, 1.0)])
@example("per_100m_premium", [(-3.0, -5.0)])
def test_a_quotient_is_shown_exactly_if_its_unit_can_have_it(unit: str, cases: list[tuple[float, float]]):
    paid, premium = map(list, zip(*cases, strict=True))
    found = company(replace(PAID_BACK, unit=unit), paid, premium)
    above, below, limits = sum(paid), sum(premium), UNITS[unit]
    valid = below > 0 and limits.lowest <= above / below <= limits.highest
    assert found["status"] == ("ok" if valid else "no_data")
    assert found["value"] == (pytest.approx(above / below) if valid else None)
    # What was withheld can be told.
    assert (found["numerator"], found["denominator"]) == pytest.approx((above, below))


@given(st.lists(st.integers(0, 100), min_size=2, max_size=8))
def test_an_interval_stays_in_the_range_of_its_unit(scores: list[int]):
    kpi = replace(PAID_BACK, measure=Mean("paid"), unit="score_0_100")
    found = company(kpi, [float(score) for score in scores], [1.0] * len(scores))
    assert 0 <= found["ci_low"] <= found["value"] <= found["ci_high"] <= 100


def test_a_unit_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="'shares' is not one of share, probability"):
        replace(PAID_BACK, unit="shares")


def test_the_catalogue_lists_the_range_of_every_unit():
    rows = {row[0]: row[2:] for row in unit_rows()}
    assert rows.keys() == UNITS.keys()
    assert (rows["share"], rows["days"]) == ((0.0, 1.0, True, True), (0.0, None, False, False))
