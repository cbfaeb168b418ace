"""Cumulative incidence against worked values, Kaplan–Meier, the binomial and its own definition."""

from math import exp

import numpy as np
import polars as pl
import pytest
from lifelines import AalenJohansenFitter

from tests.transforms.curves_of_frames import (
    cumulative_incidence,
    incidence_summary,
    kaplan_meier,
    km_summary,
)

# Ten claims in days, decided (1) or still open (0), and two withdrawn (2).
TWELVE = pl.LazyFrame(
    {"t": [2, 3, 3, 5, 8, 10, 12, 6, 15, 40, 4, 9], "cause": [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 2, 2]}
)


def test_withdrawn_claims_compete() -> None:
    """Decided in ten days 0.5278, withdrawn 0.1806, still open 0.2917; Kaplan–Meier, them censored, says 0.5898."""
    decided = incidence_summary(TWELVE, [], "t", "cause", horizons=(10,)).collect().row(0, named=True)
    withdrawn = incidence_summary(TWELVE, [], "t", "cause", of=2, horizons=(10,)).collect()["within_10"][0]
    assert decided["within_10"] == pytest.approx(0.5277777777777777, abs=1e-12)
    assert withdrawn == pytest.approx(0.18055555555555552, abs=1e-12)
    assert (decided["n"], decided["n_events"], decided["n_competing"]) == (12, 7, 2)
    naive = km_summary(TWELVE, [], "t", pl.col("cause") == 1, horizons=(10,)).collect()["within_10"][0]
    assert naive == pytest.approx(0.5898437499999999, abs=1e-12)
    curve = cumulative_incidence(TWELVE, [], "t", "cause").filter(pl.col("t") == 10).collect()
    assert curve["survival"].item() == pytest.approx(7 / 24)


@pytest.fixture(scope="module")
def random_groups() -> pl.DataFrame:
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(300), rng.integers(2, 50, 300))
    waiting = rng.exponential(8, (3, len(group))) * np.array([[1.0], [2.0], [2.0]])
    cause = np.argmin(waiting, axis=0)  # 0 is censoring
    return pl.DataFrame({"group": group, "t": np.floor(waiting.min(axis=0)), "cause": cause})


def test_causes_and_open_cases_add_up_to_one(random_groups: pl.DataFrame) -> None:
    causes = [cumulative_incidence(random_groups.lazy(), ["group"], "t", "cause", of=k) for k in (1, 2)]
    both = causes[0].join(causes[1], on=["group", "t"]).collect()
    total = both["incidence"] + both["incidence_right"] + both["survival"]
    assert np.allclose(total, 1, atol=1e-12)


def test_a_single_cause_is_kaplan_meier(random_groups: pl.DataFrame) -> None:
    cases = random_groups.lazy().with_columns(cause=(pl.col("cause") > 0).cast(pl.Int64))
    incidence = cumulative_incidence(cases, ["group"], "t", "cause")
    curve = incidence.join(kaplan_meier(cases, ["group"], "t", "cause"), on=["group", "t"]).collect()
    assert np.allclose(curve["incidence"], 1 - curve["survival_right"], atol=1e-12)
    assert np.allclose(curve["incidence_var"], curve["greenwood_var"], atol=1e-10)


def test_without_censoring_it_is_the_binomial(random_groups: pl.DataFrame) -> None:
    cases = random_groups.filter(pl.col("cause") > 0)
    found = incidence_summary(cases.lazy(), ["group"], "t", "cause", horizons=(5,)).sort("group").collect()
    by_then = (pl.col("cause") == 1) & (pl.col("t") <= 5)
    share = cases.group_by("group").agg(p=by_then.mean(), n=pl.len()).sort("group")
    p, n = share["p"].to_numpy(), share["n"].to_numpy()
    assert np.allclose(found["within_5"], p, atol=1e-12)
    assert np.allclose(found["within_5_var"], p * (1 - p) / n, atol=1e-10)


def test_variance_by_its_definition(random_groups: pl.DataFrame) -> None:
    """Gaynor et al. (1993) over the distinct times, ties taken together, written out."""
    cases = random_groups.filter(pl.col("group") < 60)
    found = incidence_summary(cases.lazy(), ["group"], "t", "cause", horizons=(6,)).collect()
    curves = cumulative_incidence(cases.lazy(), ["group"], "t", "cause").sort("t").collect()
    for (group,), curve in curves.partition_by("group", as_dict=True).items():
        upto = curve.filter(pl.col("t") <= 6)
        n, d, k = (upto[name].to_numpy().astype(float) for name in ("n_at_risk", "d_any", "d"))
        before = np.append(1, upto["survival"].to_numpy())[:-1]
        rest = upto["incidence"].to_numpy()[-1:] - upto["incidence"].to_numpy()
        hazard = np.divide(d, n * (n - d), out=np.zeros(len(n)), where=n > d)
        terms = rest**2 * hazard + before**2 * k * (n - k) / n**3 - 2 * rest * before * k / n**2
        assert found.filter(pl.col("group") == group)["within_6_var"].item() == pytest.approx(
            terms.sum(), abs=1e-10
        )


def test_equals_lifelines_without_ties() -> None:
    rng = np.random.default_rng(6)
    t, cause = rng.exponential(10, 300), rng.integers(0, 3, 300)
    curve = (
        cumulative_incidence(pl.LazyFrame({"t": t, "cause": cause}), [], "t", "cause", of=2)
        .sort("t")
        .collect()
    )
    fit = AalenJohansenFitter(calculate_variance=False).fit(t, cause, event_of_interest=2)
    assert np.allclose(
        curve["incidence"], fit.cumulative_density_.loc[curve["t"].to_list()].iloc[:, 0], atol=1e-9
    )


def test_stated_intervals_cover_the_truth() -> None:
    """2,000 months of 60 claims: decided at rate 0.08 a day, withdrawn at 0.02, censored from day 0 to 60."""
    rng = np.random.default_rng(12)
    decided, withdrawn = rng.exponential(12.5, 120_000), rng.exponential(50, 120_000)
    observed = rng.uniform(0, 60, 120_000)
    months = pl.LazyFrame(
        {
            "month": np.repeat(np.arange(2000), 60),
            "t": np.minimum(np.minimum(decided, withdrawn), observed),
            "cause": np.argmin((observed, decided, withdrawn), axis=0),
        }
    )
    truth = 0.8 * (1 - exp(-1.5))
    found = incidence_summary(months, ["month"], "t", "cause", horizons=(15,))
    inside = ((pl.col("within_15_low") <= truth) & (truth <= pl.col("within_15_high"))).mean()
    assert 0.92 < found.select(inside).collect().item() < 0.98
