"""kpi.windows: several months up to each month, for the KPIs that a framework takes so."""

from datetime import date

import polars as pl

from tests.index.index_examples import framework, leaf
from tests.kpi.two_months import company
from transforms.kpi.windows import windows

CLOSED = "complaint_resolved_within_30_days_share"


def test_three_months_up_to_march_are_its_cases_and_those_of_the_two_before():
    """60 of 60 and 85 of 85 closed complaints were in time; no other KPI is asked for, and no longer window."""
    spec = framework({"closed": leaf(CLOSED, 0, 1, basis="period", if_small="rolling_3")})
    found = company(windows, spec)
    assert set(found.select("kpi", "basis", "window_months").rows()) == {(CLOSED, "period", 3)}
    last = found.filter(period=date(2025, 3, 1)).row(0, named=True)
    assert (last["numerator"], last["denominator"], last["value"], last["n"]) == (145, 145, 1, 145)


def test_without_a_framework_that_takes_windows_there_are_none():
    found = company(windows, framework({"closed": leaf(CLOSED, 0, 1, basis="period")}))
    assert found.is_empty()
    assert found.schema["window_months"] == pl.Int32
