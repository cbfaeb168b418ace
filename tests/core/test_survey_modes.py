"""core.survey_modes: the difference a mode makes, compared among like with like."""

import pytest
from survey_frames import TOLD, table

from transforms.core.survey_invitations import survey_invitations
from transforms.core.survey_modes import survey_modes
from transforms.core.survey_responses import survey_responses


def made(*groups: tuple[str, str, list[float]]) -> dict:
    """Rows of satisfaction by mode; groups of stage, mode and scores."""
    rows = [
        {"response_id": f"{stage}{mode}{i}", "stage": stage, "mode": mode, "satisfaction_score": score}
        for stage, mode, scores in groups
        for i, score in enumerate(scores)
    ]
    found = survey_modes(
        responses=table(rows, survey_responses.schema),
        invitations=table(
            [
                {"invitation_id": "1", "mode": "app", "is_complete": True},
                {"invitation_id": "2", "mode": "app", "is_complete": False},
            ],
            survey_invitations.schema,
        ),
        **TOLD,
    ).collect()
    return {row["mode"]: row for row in found.filter(measure="satisfaction_score").to_dicts()}


def test_who_is_asked_where_is_no_effect_of_the_mode():
    """Within claims and within care both modes are alike; the telephone is used where people are angry."""
    found = made(
        ("claims", "phone", [40.0, 60.0] * 40),
        ("claims", "app", [40.0, 60.0] * 10),
        ("care", "phone", [80.0, 100.0] * 10),
        ("care", "app", [80.0, 100.0] * 40),
    )
    assert found["phone"]["mean"] == pytest.approx(58)
    assert found["app"]["mean"] == pytest.approx(82)
    assert found["app"]["effect"] == pytest.approx(0)
    assert found["app"]["verdict"] == "no evidence of an effect"
    assert (found["app"]["n_invited"], found["app"]["response_share"]) == (2, 0.5)


def test_an_effect_is_the_difference_within_stages_weighed_by_their_answers():
    """10 points in a stage with 40 × 40 answers, 20 in one with 20 × 20: weights 20 and 10."""
    found = made(
        ("claims", "phone", [60.0, 80.0] * 20),
        ("claims", "app", [50.0, 70.0] * 20),
        ("care", "phone", [70.0, 90.0] * 10),
        ("care", "app", [50.0, 70.0] * 10),
    )
    assert found["phone"]["effect"] == pytest.approx((20 * 10 + 10 * 20) / 30)
    assert found["phone"]["verdict"] == "higher"
    assert found["app"]["verdict"] == "lower"


def test_few_answers_say_nothing():
    found = made(("claims", "phone", [60.0] * 29), ("claims", "app", [50.0] * 60))
    assert found["phone"]["effect"] is None
    assert found["phone"]["verdict"] == "under 30 answers"
    assert isinstance(found["phone"]["n"], int)
