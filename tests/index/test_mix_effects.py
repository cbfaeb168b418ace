"""index.mix_effects: a KPI of the company that moves because its branches do, or because their shares do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_examples import FEBRUARY, JANUARY, made, records

from transforms.index.mix_effects import mix_effects


def test_both_branches_got_worse_and_the_company_better():
    """Kitagawa: 90 % of 100 and 80 % of 300, then 88 % of 300 and 78 % of 100."""
    rows = [
        {
            "kpi": "k",
            "period": period,
            "segment": segment,
            "value": rate,
            "denominator": n,
            "numerator": rate * n,
        }
        for period, segment, rate, n in [
            (JANUARY, "B1", 0.90, 100.0),
            (JANUARY, "B2", 0.80, 300.0),
            (FEBRUARY, "B1", 0.88, 300.0),
            (FEBRUARY, "B2", 0.78, 100.0),
        ]
    ]
    table = made(mix_effects, kpi_monthly=records(rows)).collect()
    assert table["rate_effect"].sum() == pytest.approx(-0.02)
    assert table["mix_effect"].sum() == pytest.approx(0.05)


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 500), st.floats(0, 1), st.integers(0, 500)), min_size=1
    )
)
def test_rate_and_mix_sum_to_the_change_of_the_total(groups):
    """Also where a segment is there in one month alone."""
    rows, totals = [], {}
    for period, rates, sizes in ((JANUARY, 0, 1), (FEBRUARY, 2, 3)):
        for i, group in enumerate(groups):
            rate, n = group[rates], float(group[sizes])
            rows.append(
                {
                    "kpi": "k",
                    "period": period,
                    "segment": f"B{i}",
                    "value": rate,
                    "denominator": n,
                    "numerator": rate * n,
                }
            )
        size = sum(group[sizes] for group in groups)
        totals[period] = sum(group[rates] * group[sizes] for group in groups) / size if size else None
    table = made(mix_effects, kpi_monthly=records(rows)).collect()
    if None in totals.values():
        assert table.height == 0
    else:
        effects = table["rate_effect"].sum() + table["mix_effect"].sum()
        assert effects == pytest.approx(totals[FEBRUARY] - totals[JANUARY], abs=1e-9)
