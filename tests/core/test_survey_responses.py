"""core.survey_responses: one questionnaire, its instruments and its flags of validity."""

from datetime import date

import pytest
from survey_frames import (
    answered,
    answers_of,
    pairs,
    questions_of,
    responses_of,
    scores_of,
)

from transforms.settings import Settings, SurveySettings


def test_instruments_of_a_response() -> None:
    questions = questions_of(
        [
            {"question": "nps", "construct": "recommendation", "scale_min": None, "scale_max": None},
            {"question": "ease", "construct": "effort", "dimension": None},
            {"question": "all", "construct": "satisfaction", "dimension": None, "scale_max": 5.0},
            {"question": "part", "construct": "satisfaction", "dimension": "empathy", "scale_max": 5.0},
        ]
    )
    row = responses_of(answers_of(answered("a", nps=9, ease=6, all=4, part=1)), questions).to_dicts()[0]
    assert (row["nps_score"], row["ces_score"], row["satisfaction_score"]) == (9, 6, 75)


def test_satisfaction_asked_by_dimension_alone_is_that_of_the_respondent() -> None:
    about = {"construct": "satisfaction", "scale_max": 5.0}
    questions = questions_of([{"question": name, "dimension": name, **about} for name in ("care", "speed")])
    rows = [*answered("a", care=4, speed=2), *answered("b", speed=5), *answered("c", care=None)]
    found = responses_of(answers_of(rows), questions).sort("response_id")
    assert found["satisfaction_score"].to_list() == [50, 100, None]


@pytest.mark.parametrize(("low", "high"), [(1.0, 10.0), (1.0, 5.0)])
def test_recommendation_on_another_scale_is_no_nps(low: float, high: float) -> None:
    questions = questions_of(
        [{"question": "nps", "construct": "recommendation", "scale_min": low, "scale_max": high}]
    )
    assert responses_of(answers_of(answered("a", nps=5)), questions)["nps_score"].to_list() == [None]


def test_careless_answers_are_flagged_and_stay() -> None:
    items = "123456"
    same = dict.fromkeys([f"{kind}{i}" for i in items for kind in "pe"], 4)
    delighted = {**same, **{f"p{i}": 7 for i in items}}
    thoughtful = {**delighted, "p1": 6}
    rows = [
        *answered("all four", **same),
        *answered("blockwise", **delighted),
        *answered("thoughtful", **thoughtful),
        *({**row, "seconds": 23.0} for row in answered("too fast", **thoughtful)),
        *({**row, "seconds": 24.0} for row in answered("fast", **thoughtful)),
        *answered("too few to tell", p1=4, p2=4),
    ]
    found = responses_of(answers_of(rows), questions_of(pairs(items)))
    flags = {r["response_id"]: (r["straight_lining"], r["speeding"], r["is_valid"]) for r in found.to_dicts()}
    assert flags == {
        "all four": (True, False, False),
        "blockwise": (True, False, False),
        "thoughtful": (False, False, True),
        "too fast": (False, True, False),
        "fast": (False, False, True),
        "too few to tell": (False, False, True),
    }
    assert scores_of(answers_of(rows), questions_of(pairs(items)))["response_id"].n_unique() == 6


def test_what_cannot_be_scored_is_counted() -> None:
    rows = answered("a", p1=9, p2=5, unheard_of=3) + answered("only unknown", unheard_of=3)
    found = responses_of(answers_of(rows), questions_of(pairs("12"))).to_dicts()
    counted = [(r["n_answered"], r["n_out_of_scale"], r["n_unknown_questions"]) for r in found]
    assert counted == [(1, 1, 1), (0, 0, 1)]
    assert scores_of(answers_of(rows), questions_of(pairs("12")))["perception_mean"].to_list() == [5]


def test_segments_are_those_the_answers_name() -> None:
    rows = [
        {**row, "org_unit": unit, "claim_id": claim}
        for row, unit, claim in zip(
            answered("a", p1=4, p2=5, e1=6), ["unknown", "B7", None], [None, "C1", "C1"], strict=True
        )
    ]
    response = responses_of(answers_of(rows), questions_of(pairs("12"))).to_dicts()[0]
    assert (response["org_unit"], response["region"], response["claim_id"]) == ("B7", "unknown", "C1")
    assert scores_of(answers_of(rows), questions_of(pairs("12")))["org_unit"].to_list() == ["B7"]


def test_audits_are_marked_and_have_no_nps() -> None:
    questions = questions_of(
        [{"question": "nps", "construct": "recommendation", "scale_min": 0.0, "scale_max": 10.0}]
    )
    answers = answers_of(answered("a", nps=9))
    audits = Settings(surveys=SurveySettings(audits=("service",)))
    found = responses_of(answers, questions, audits)
    assert found.select("is_audit", "nps_score").rows() == [(True, None)]


def test_answers_after_the_as_of_date_are_not_known() -> None:
    rows = [{**row, "answered_on": date(2026, 1, 1)} for row in answered("late", p1=4)]
    assert responses_of(answers_of(rows), questions_of(pairs("1"))).is_empty()
    assert scores_of(answers_of(rows), questions_of(pairs("1"))).is_empty()
