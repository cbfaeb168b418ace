"""core.survey_parts: dimensions and stages of a wave, weighted, and beside the wave before."""

from datetime import date

import polars as pl
import pytest
from survey_frames import (
    ANSWERED,
    TOLD,
    table,
)

from transforms.core.survey_parts import survey_parts
from transforms.core.survey_scores import survey_scores
from transforms.core.survey_stage_scores import survey_stage_scores
from transforms.core.survey_weights import survey_weights


def parts(scores: list[dict], weighted: dict[str, float]) -> pl.DataFrame:
    own = [{"response_id": response, "weight": weight} for response, weight in weighted.items()]
    return survey_parts(
        scores=table(scores, survey_scores.schema),
        stage_scores=table([], survey_stage_scores.schema),
        weights=table(own, survey_weights.schema),
        **TOLD,
    ).collect()


def scored(wave: str, day: date, scores: list[float]) -> list[dict]:
    return [
        {"wave": wave, "answered_on": day, "dimension": "empathy", "response_id": f"{wave}-{i}",
         "perception_score": score, "perception_mean": score / 100 * 6 + 1, "gap_points": score / 100 - 1}
        for i, score in enumerate(scores)
    ]  # fmt: skip


def perceived(wave: str, day: date, n: int, **scores: float) -> list[dict]:
    return [
        {"wave": wave, "answered_on": day, "dimension": "empathy", "response_id": f"{wave}-{i}", **scores}
        for i in range(n)
    ]  # fmt: skip


def test_a_part_is_weighted_and_suppressed_by_effective_respondents():
    """Means 80, 72.5, 52.5 of 60, 30, 10 weighted .8333, 1, 2: 72.25; weights .8, 1.2, 2.5 count for 82.4."""
    rows = scored("1", ANSWERED, [80.0] * 60 + [72.5] * 30 + [52.5] * 10)
    sizes = [0.5 / 0.6] * 60 + [1.0] * 30 + [2.0] * 10
    row = parts(rows, dict(zip((r["response_id"] for r in rows), sizes, strict=True))).row(0, named=True)
    assert (row["perception_score"], row["weighted_perception_score"]) == pytest.approx((75.0, 72.25))
    sizes = [0.8] * 60 + [1.2] * 30 + [2.5] * 10
    row = parts(rows, dict(zip((r["response_id"] for r in rows), sizes, strict=True))).row(0, named=True)
    assert (row["n_effective"], row["design_effect"]) == pytest.approx(
        (82.44968771686327, 1.2128608702971133)
    )
    assert row["status"] == "ok"
    # Thirty answered, but so unevenly weighted that they count for fewer than thirty.
    few = scored("1", ANSWERED, [50.0 + i for i in range(30)])
    row = parts(few, {r["response_id"]: 3.0 if i < 3 else 0.3 for i, r in enumerate(few)}).row(0, named=True)
    assert (row["n_perceptions"], row["status"], row["perception_score"]) == (30, "suppressed", None)
    assert row["n_effective"] == pytest.approx((3 * 3 + 27 * 0.3) ** 2 / (3 * 9 + 27 * 0.09))


def test_a_wave_is_compared_with_the_one_before_only_with_an_interval():
    rows = [
        *scored("b", date(2025, 3, 1), [60.0, 80.0] * 20),
        *scored("a", date(2025, 6, 1), [50.0, 70.0] * 20),
        *scored("c", date(2025, 9, 1), [50.0, 70.0] * 14),
    ]
    first, second, third = parts(rows, {}).sort("first_answered_on").iter_rows(named=True)
    assert [r["perception_verdict"] for r in (first, second, third)] == [
        "first wave", "down", "under 30 effective respondents in a wave",
    ]  # fmt: skip
    half = 1.959964 * (2 * (100 * 40 / 39) / 40) ** 0.5
    assert second["perception_change"] == pytest.approx(-10)
    assert second["perception_change_high"] == pytest.approx(-10 + half, abs=1e-5)
    assert third["perception_change"] is None


def test_perceptions_without_a_scale_are_shown_as_they_were_given_and_not_compared():
    waves = (("1", date(2025, 3, 1)), ("2", date(2025, 6, 1)))
    rows = [row for wave, day in waves for row in perceived(wave, day, 40, perception_mean=3.5)]
    first, second = parts(rows, {}).sort("first_answered_on").iter_rows(named=True)
    for row in (first, second):
        assert (row["status"], row["n_effective"]) == ("ok", pytest.approx(40))
        assert (row["perception_mean"], row["perception_score"]) == (3.5, None)
    assert (first["perception_verdict"], second["perception_verdict"]) == (
        "first wave", "no scale to compare on",
    )  # fmt: skip


def test_satisfaction_alone_makes_a_part():
    (row,) = parts(perceived("1", ANSWERED, 12, satisfaction_score=75.0), {}).iter_rows(named=True)
    assert (row["status"], row["satisfaction_score"], row["n_satisfactions"]) == ("low_n", 75.0, 12)
    assert row["perception_score"] is None


def test_a_suppressed_part_shows_no_figure_at_all():
    """Twenty answered, but so unevenly weighted that they count for fewer than ten."""
    rows = perceived("1", ANSWERED, 20, perception_mean=4.0, perception_score=50.0, gap_points=-1.0,
                  expectation_mean=5.0, importance_mean=20.0, satisfaction_score=60.0)  # fmt: skip
    sizes = {row["response_id"]: 3.0 if i < 2 else 0.3 for i, row in enumerate(rows)}
    (row,) = parts(rows, sizes).iter_rows(named=True)
    assert row["status"] == "suppressed"
    about = ("n_effective", "design_effect")
    assert [name for name, dtype in survey_parts.schema.items()
            if dtype == pl.Float64 and name not in about and row[name] is not None] == []  # fmt: skip
