"""Every insurer that the simulator makes, small ones too, passes its own limits and checks and is published."""

import pytest
from conftest import policypulse, published

# Policies and months: one month of a handful, a quarter of few, a year of some.
SIZES = ((100, 1), (300, 3), (2000, 12))
SEEDS = range(1, 51)
# The smallest, which most often lacks something, is run with all tests, which have larger ones anyway; the rest by
# `make campaign`.
USUAL = {(100, 1, 4)}
BOOKS = [
    pytest.param(*size, seed, marks=() if (*size, seed) in USUAL else pytest.mark.campaign)
    for size in SIZES
    for seed in SEEDS
]


@pytest.mark.parametrize(("policies", "months", "seed"), BOOKS)
def test_a_simulated_insurer_is_published(tmp_path, policies, months, seed):
    simulated = policypulse(
        "simulate", "--out", tmp_path, "--policies", policies, "--months", months, "--seed", seed
    )
    assert simulated.status == 0, simulated.text
    run = policypulse("run", "--project", tmp_path)
    assert run.status == 0, run.text
    assert ", 0 failed" in run.text
    counted = published(tmp_path, "SELECT count(*) AS n, count(DISTINCT period) AS months FROM kpi.monthly")
    assert counted["n"].item() > 0
    assert counted["months"].item() == months
