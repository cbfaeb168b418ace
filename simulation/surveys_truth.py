"""What the stated means of survey answers imply: true dimension scores, gap, satisfaction index and net promoter score.

Expectations over the answers of the people who were asked, given their branch, month and own claim.
"""

import numpy as np
from numpy.typing import NDArray

from simulation.clock import Window, month_label
from simulation.distributions import answer_chances, normal_cdf, rounded_mean
from simulation.hazards import DIMENSIONS, SURVEYS
from simulation.organisation import Organisation
from simulation.surveys import DIMENSION_OF_ITEM, ITEM_OFFSET, STAGES, Respondents
from simulation.truth import ratio, values

Floats = NDArray[np.float64]


def survey_truth(people: Respondents, window: Window, org: Organisation) -> dict:
    """Truth by KPI for each observed month of answer, over valid questionnaires (no straight-lining).

    Scores on 0 to 100, the gap in points of the scale, unweighted and weighted by stated importance.
    """
    labels = [month_label(month) for month in window.observed]
    valid = people.straight == 0
    perceived = _dimension_means(people.perception)
    expected = _expectation_means()
    gap = perceived - expected
    weights = np.array(SURVEYS.importance_shares)

    def mean_of(values: Floats, counted: NDArray[np.bool_]) -> dict:
        cell = (people.branch * window.months + people.month)[counted]
        size = len(org.codes) * window.months
        sums = np.bincount(cell, values[counted], size).reshape(-1, window.months)
        counts = np.bincount(cell, minlength=size).reshape(-1, window.months)
        return ratio("month of answer", labels, sums, counts.astype(float), org)

    kpis = {
        f"servperf_{name}_score": mean_of((perceived[:, place] - 1) / 6 * 100, valid)
        for place, name in enumerate(DIMENSIONS)
    }
    # A questionnaire is about one stage, with the mean of all its items.
    over_items = perceived @ np.array(SURVEYS.items) / sum(SURVEYS.items)
    kpis |= {
        f"perceived_{stage}_score": mean_of((over_items - 1) / 6 * 100, valid & (people.stage == place))
        for place, stage in enumerate(STAGES)
    }
    asked_both = valid & people.long_form
    kpis["servqual_gap_points"] = mean_of(gap.mean(axis=1), asked_both)
    kpis["servqual_gap_points_weighted"] = mean_of(gap @ weights, asked_both)
    kpis["csi_score"] = mean_of(_satisfaction_means(people) @ weights, asked_both)
    promoters, detractors = _recommending(people)
    kpis["nps_points"] = mean_of(100 * (promoters - detractors), valid)
    other = SURVEYS.other_mood_share
    kpis["comment_negative_share"] = mean_of((1 - other) * detractors + other / 3, np.full(len(people), True))
    kpis["satisfaction_standard_deviation"] = _satisfaction_deviation(people, valid, labels, org)
    realised = {
        "survey_responses": len(people),
        "survey_responses_long_form": int(people.long_form.sum()),
        "survey_responses_straight_lining": int((~valid).sum()),
    }
    return {"kpis": kpis, "realised": realised}


def _dimension_means(latent: Floats) -> Floats:
    """Expected answer by respondent × dimension, the mean over the dimension's items."""
    sd = float(np.sqrt(SURVEYS.person_sd**2 + SURVEYS.dimension_sd**2 + SURVEYS.item_sd**2))
    items = rounded_mean(latent[:, DIMENSION_OF_ITEM] + ITEM_OFFSET, sd, 1, 7)
    return _over_items(items)


def _expectation_means() -> Floats:
    sd = float(np.hypot(SURVEYS.expectation_person_sd, SURVEYS.expectation_item_sd))
    latent = np.array(SURVEYS.expectation_mean)[DIMENSION_OF_ITEM] + ITEM_OFFSET
    return _over_items(rounded_mean(latent, sd, 1, 7)[None, :])[0]


def _satisfaction_means(people: Respondents) -> Floats:
    """Expected satisfaction with each dimension, 0 to 100."""
    sd = float(np.hypot(SURVEYS.satisfaction_slope * SURVEYS.person_sd, SURVEYS.satisfaction_sd))
    deviation = people.perception - SURVEYS.perception_mean
    latent = SURVEYS.satisfaction_mean + SURVEYS.satisfaction_slope * deviation
    return (rounded_mean(latent, sd, 1, 5) - 1) / 4 * 100


def _satisfaction_deviation(
    people: Respondents, valid: NDArray[np.bool_], labels: list[str], org: Organisation
) -> dict:
    """Standard deviation of overall satisfaction, 0 to 100, over the respondents of each month."""
    deviation = (people.perception - SURVEYS.perception_mean).mean(axis=1)
    mean = SURVEYS.satisfaction_mean + SURVEYS.satisfaction_slope * deviation
    sd = float(np.hypot(SURVEYS.satisfaction_slope * SURVEYS.person_sd, SURVEYS.satisfaction_sd))
    chance = answer_chances(mean[valid], sd, 1, 5)
    score = np.arange(5) * 25.0
    cell = (people.branch * len(labels) + people.month)[valid]
    sums = [
        np.bincount(cell, weights, len(org.codes) * len(labels)).reshape(-1, len(labels))
        for weights in (np.ones(len(cell)), chance @ score, chance @ score**2)
    ]

    def deviations(n: Floats, total: Floats, squares: Floats) -> list:
        with np.errstate(invalid="ignore"):
            found = np.sqrt(np.maximum(squares / n - (total / n) ** 2, 0))
        return np.where(n > 0, np.round(found, 6), 0.0).tolist()

    company = [part.sum(axis=0) for part in sums]
    return values("month of answer", labels, deviations(*company), deviations(*sums), org)


def _over_items(items: Floats) -> Floats:
    starts = np.cumsum(SURVEYS.items) - SURVEYS.items
    return np.add.reduceat(items, starts, axis=1) / np.array(SURVEYS.items)


def _recommending(people: Respondents) -> tuple[Floats, Floats]:
    """The probabilities to be a promoter and to be a detractor."""
    mean = SURVEYS.nps_mean + SURVEYS.nps_slope * (people.perception - SURVEYS.perception_mean).mean(axis=1)
    sd = float(np.hypot(SURVEYS.nps_slope * SURVEYS.person_sd, SURVEYS.nps_sd))
    return 1 - normal_cdf((8.5 - mean) / sd), normal_cdf((6.5 - mean) / sd)
