"""Answers to surveys drawn from the stated means and spreads, and the true KPIs."""

import numpy as np
import polars as pl

from simulation.distributions import normal_cdf, rounded_mean
from simulation.hazards import DIMENSIONS, SURVEYS
from tests.kpi.drawn_books import Book, Floats, Ints, cells, dates, days_in


def drawn_surveys(branches: int, per_cell: float, seed: int) -> Book:
    """core.survey_scores and core.survey_responses of people who answer in all five dimensions."""
    rng = np.random.default_rng(seed)
    branch, month = cells(branches, per_cell, rng)
    count = len(branch)
    item = np.repeat(np.arange(len(DIMENSIONS)), SURVEYS.items)
    offset = np.concatenate([np.linspace(-1, 1, n) * SURVEYS.item_spread for n in SURVEYS.items])
    person = rng.normal(0, SURVEYS.person_sd, (count, 1))
    of_dimension = (np.array(SURVEYS.perception_mean) + rng.normal(0, SURVEYS.dimension_sd, (count, 5)))[
        :, item
    ]
    perceived = of_dimension + person + offset + rng.normal(0, SURVEYS.item_sd, (count, len(item)))
    expected = (
        np.array(SURVEYS.expectation_mean)[item]
        + offset
        + rng.normal(0, SURVEYS.expectation_person_sd, (count, 1))
    )
    expected = expected + rng.normal(0, SURVEYS.expectation_item_sd, (count, len(item)))
    starts, sizes = np.cumsum(SURVEYS.items) - SURVEYS.items, np.array(SURVEYS.items)

    def dimension_means(latent: Floats) -> Floats:
        return np.add.reduceat(np.clip(np.rint(latent), 1, 7), starts, axis=1) / sizes

    perception, expectation = dimension_means(perceived), dimension_means(expected)
    points = 5.0 * rng.multinomial(20, SURVEYS.importance_shares, count)
    unit, day = pl.Series(branch).cast(pl.String), dates(np.floor(days_in(month, rng)))
    about = pl.DataFrame(
        {"response_id": np.arange(count), "org_unit": unit, "answered_on": day}
    ).with_columns(is_audit=False, is_valid=True)
    scores = pl.concat(
        about.with_columns(
            dimension=pl.lit(name),
            perception_score=pl.Series((perception[:, d] - 1) / 6 * 100),
            perception_score_overall=pl.Series((perception.mean(axis=1) - 1) / 6 * 100),
            gap_points=pl.Series(perception[:, d] - expectation[:, d]),
            gap_points_overall=pl.Series((perception - expectation).mean(axis=1)),
            importance_mean=pl.Series(points[:, d]),
        )
        for d, name in enumerate(DIMENSIONS)
    )
    deviation = person[:, 0]

    def answered(mean: float, slope: float, sd: float, low: int, high: int) -> pl.Series:
        return pl.Series(np.clip(np.rint(mean + slope * deviation + rng.normal(0, sd, count)), low, high))

    responses = about.with_columns(
        nps_score=answered(SURVEYS.nps_mean, SURVEYS.nps_slope, SURVEYS.nps_sd, 0, 10),
        ces_score=answered(SURVEYS.effort_mean, SURVEYS.effort_slope, SURVEYS.effort_sd, 1, 7),
        satisfaction_score=25
        * (
            answered(SURVEYS.satisfaction_mean, SURVEYS.satisfaction_slope, SURVEYS.satisfaction_sd, 1, 5) - 1
        ),
    )
    tables = {"core.survey_scores": scores.lazy(), "core.survey_responses": responses.lazy()}
    return Book(tables, surveys_truth(item, offset))


def surveys_truth(item: Ints, offset: Floats) -> dict[str, float]:
    """Expectations of rounded and clipped normals."""

    def by_dimension(means: tuple[float, ...], sd: float) -> Floats:
        answers = rounded_mean(np.array(means)[item] + offset, sd, 1, 7)
        return np.bincount(item, answers) / np.bincount(item)

    spread = np.sqrt(SURVEYS.person_sd**2 + SURVEYS.dimension_sd**2 + SURVEYS.item_sd**2)
    perceived = by_dimension(SURVEYS.perception_mean, float(spread))
    wanted = by_dimension(
        SURVEYS.expectation_mean, float(np.hypot(SURVEYS.expectation_person_sd, SURVEYS.expectation_item_sd))
    )
    scores, gaps, weights = (perceived - 1) / 6 * 100, perceived - wanted, np.array(SURVEYS.importance_shares)
    recommend, ease, satisfied = (
        float(np.hypot(slope * SURVEYS.person_sd, sd))
        for slope, sd in (
            (SURVEYS.nps_slope, SURVEYS.nps_sd),
            (SURVEYS.effort_slope, SURVEYS.effort_sd),
            (SURVEYS.satisfaction_slope, SURVEYS.satisfaction_sd),
        )
    )

    def above(cut: float, mean: float, sd: float) -> float:
        return 1 - float(normal_cdf(np.array((cut - mean) / sd)))

    mean = SURVEYS.nps_mean
    return {
        **{f"servperf_{name}_score": float(scores[d]) for d, name in enumerate(DIMENSIONS)},
        "servqual_gap_points": float(gaps.mean()),
        "servqual_weighted_gap_points": float(gaps @ weights),
        "servperf_weighted_score": float(scores @ weights),
        "nps_points": 100 * (above(8.5, mean, recommend) - 1 + above(6.5, mean, recommend)),
        "ces_score": float(rounded_mean(np.array([SURVEYS.effort_mean]), ease, 1, 7)[0]),
        "ces_easy_share": above(4.5, SURVEYS.effort_mean, ease),
        "satisfaction_score": 25
        * (float(rounded_mean(np.array([SURVEYS.satisfaction_mean]), satisfied, 1, 5)[0]) - 1),
        "satisfied_share": above(3.5, SURVEYS.satisfaction_mean, satisfied),
    }
