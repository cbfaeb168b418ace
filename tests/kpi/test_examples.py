"""Every worked example of every KPI runs through the engine, and gives the record that the dictionary prints."""

import pytest

from tests.kpi.example_records import KPIS, record_of


@pytest.mark.parametrize("code", KPIS)
def test_the_example_runs(code: str):
    example = KPIS[code].example
    assert example is not None, "a KPI without a worked example"
    found = record_of(code)
    assert found["status"] == "ok"
    for name in ("value", "numerator", "denominator"):
        assert found[name] == pytest.approx(getattr(example, name), abs=1e-9), name
