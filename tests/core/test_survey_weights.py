"""core.survey_invitations, core.survey_weights and core.survey_parts: whom a survey asked and whom it speaks for."""

from datetime import date, timedelta

import polars as pl
import pytest

from transforms.core.claims import claims
from transforms.core.complaints import complaints
from transforms.core.policies import policies
from transforms.core.survey_invitations import invitations
from transforms.core.survey_parts import SURVEY_PARTS, survey_parts
from transforms.core.survey_responses import SURVEY_RESPONSES
from transforms.core.survey_scores import SURVEY_SCORES, SURVEY_STAGE_SCORES
from transforms.core.survey_weights import SURVEY_WEIGHTS, survey_weights
from transforms.settings import Settings

TOLD = {"as_of": date(2025, 12, 31), "settings": Settings()}
ANSWERED = date(2025, 6, 20)
USUAL = {
    "survey": "service", "wave": "1", "stage": "claims", "answered_on": ANSWERED, "is_valid": True, "is_audit": False,
    "product_line": "life", "channel": "agent", "age_band": "30-39", "region": "north", "spell_no": 1,
    "is_merged": False, "is_listed": True, "is_eligible": True,
}  # fmt: skip


def frame(rows, schema) -> pl.LazyFrame:
    usual = {name: USUAL[name] for name in schema if name in USUAL}
    return pl.LazyFrame([{**usual, **row} for row in rows], schema=schema)


def schema_of(columns) -> dict:
    return {name: dtype for name, (dtype, _) in columns.items()}


def people(**share: int) -> list[dict]:
    """60 of life, 30 of health and 10 of accident, or as told, each a questionnaire."""
    sizes = share or {"life": 60, "health": 30, "accident": 10}
    return [
        {"response_id": f"{line}{i}", "product_line": line} for line, n in sizes.items() for i in range(n)
    ]


def events(day: str, sizes: dict[str, int], on: date) -> list[dict]:
    return [{"product_line": line, day: on} for line, n in sizes.items() for _ in range(n)]


def weights(responses, asked=(), decided=(), closed=(), sold=()) -> pl.DataFrame:
    return survey_weights(
        responses=frame(responses, schema_of(SURVEY_RESPONSES)),
        invitations=frame(asked, invitations.schema),
        claims=frame(decided, claims.schema),
        complaints=frame(closed, complaints.schema),
        policies=frame(sold, policies.schema),
        **TOLD,
    ).collect()


def by_line(found: pl.DataFrame) -> dict[str, float]:
    return dict(found.select("product_line", "weight").unique().iter_rows())


WORKED = {"life": 500, "health": 300, "accident": 200}
WORKED_WEIGHTS = {"life": 0.5 / 0.6, "health": 1.0, "accident": 2.0}


def test_a_stage_speaks_for_its_events_of_the_wave():
    """Shares .5/.3/.2 against a sample of 60/30/10: weights .8333, 1, 2; a week before the first answer counts."""
    window = events("decided_on", WORKED, ANSWERED - timedelta(7))
    outside = [
        {"product_line": "accident", "decided_on": day}
        for day in (ANSWERED - timedelta(8), ANSWERED + timedelta(1))
    ]
    found = weights(people(), decided=[*window, *outside, *outside])
    assert by_line(found) == pytest.approx(WORKED_WEIGHTS)
    assert found["speaks_for"].unique().to_list() == ["claims decided"]
    assert found["population_covered_share"].unique().to_list() == [1.0]


def test_policies_in_force_at_the_last_answer_stand_behind_the_other_stages():
    sold = [
        {"issued_on": date(2020, 1, 1), "ended_on": None, "product_line": line} for line in ("life", "health")
    ]
    gone = {"issued_on": date(2020, 1, 1), "ended_on": ANSWERED - timedelta(1), "product_line": "health"}
    still = {**gone, "ended_on": ANSWERED, "product_line": "health"}
    coming = {"issued_on": ANSWERED + timedelta(1), "product_line": "life"}
    responses = [{**row, "stage": "care"} for row in people(life=2, health=2)]
    found = weights(responses, sold=[*sold, gone, still, coming])
    assert found["speaks_for"].unique().to_list() == ["policies in force"]
    assert by_line(found) == pytest.approx({"life": (1 / 3) / 0.5, "health": (2 / 3) / 0.5})


def test_invitations_come_before_events_and_pop_ups_are_no_frame():
    asked = [{"product_line": line, "disposition": "refused"} for line, n in WORKED.items() for _ in range(n)]
    popups = [{"product_line": "accident", "is_listed": False}] * 900
    found = weights(people(), asked=[*asked, *popups], decided=events("decided_on", {"life": 7}, ANSWERED))
    assert by_line(found) == pytest.approx(WORKED_WEIGHTS)
    assert found["speaks_for"].unique().to_list() == ["invited"]


def test_weights_are_trimmed_and_tell_who_is_not_heard():
    population = {"life": 10, "health": 90, "annuity": 100}
    found = weights(people(life=90, health=10), closed=[], decided=events("decided_on", population, ANSWERED))
    assert by_line(found) == {"life": 0.3, "health": 3.0}
    assert found["population_covered_share"].unique().to_list() == [0.5]


def test_without_anybody_known_to_speak_for_each_counts_once_and_audits_not_at_all():
    careless = [{"response_id": "fast", "is_valid": False}, {"response_id": "mystery", "is_audit": True}]
    found = weights([*people(life=3), *careless])
    assert found["weight"].to_list() == [1.0] * 3
    assert found["speaks_for"].unique().to_list() == ["nobody known"]


def test_an_invitation_soon_after_another_is_marked():
    days = {"first": 0, "soon": 89, "later": 179, "popup": 180}
    rows = [
        {"survey": "s", "wave": "1", "invitation_id": name, "invited_on": date(2025, 1, 1) + timedelta(day),
         "frame": "popup" if name == "popup" else "list", "disposition": "complete", "customer_id": "c"}
        for name, day in days.items()
    ]  # fmt: skip
    segments = dict.fromkeys(
        ("org_unit", "region", "product_line", "channel", "age_band", "stage"), "unknown"
    )
    ids = dict.fromkeys(("response_id", "policy_id", "claim_id", "complaint_id"))
    found = invitations(
        invitations=pl.LazyFrame([{**segments, **ids, **row} for row in rows]), **TOLD
    ).collect()
    assert dict(found.select("invitation_id", "is_too_soon").iter_rows()) == {
        "first": False, "soon": True, "later": False, "popup": False,
    }  # fmt: skip


def parts(scores: list[dict], weighted: dict[str, float]) -> pl.DataFrame:
    own = [{"response_id": response, "weight": weight} for response, weight in weighted.items()]
    return survey_parts(
        scores=frame(scores, schema_of(SURVEY_SCORES)),
        stage_scores=frame([], schema_of(SURVEY_STAGE_SCORES)),
        weights=frame(own, schema_of(SURVEY_WEIGHTS)),
        **TOLD,
    ).collect()


def scored(wave: str, day: date, scores: list[float]) -> list[dict]:
    return [
        {"wave": wave, "answered_on": day, "dimension": "empathy", "response_id": f"{wave}-{i}",
         "perception_score": score, "perception_mean": score / 100 * 6 + 1, "gap_points": score / 100 - 1}
        for i, score in enumerate(scores)
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


def likert(wave: str, day: date, n: int, **scores: float) -> list[dict]:
    return [
        {"wave": wave, "answered_on": day, "dimension": "empathy", "response_id": f"{wave}-{i}", **scores}
        for i in range(n)
    ]  # fmt: skip


def test_perceptions_without_a_scale_are_shown_as_they_were_given_and_not_compared():
    waves = (("1", date(2025, 3, 1)), ("2", date(2025, 6, 1)))
    rows = [row for wave, day in waves for row in likert(wave, day, 40, perception_mean=3.5)]
    first, second = parts(rows, {}).sort("first_answered_on").iter_rows(named=True)
    for row in (first, second):
        assert (row["status"], row["n_effective"]) == ("ok", pytest.approx(40))
        assert (row["perception_mean"], row["perception_score"]) == (3.5, None)
    assert (first["perception_verdict"], second["perception_verdict"]) == (
        "first wave", "no scale to compare on",
    )  # fmt: skip


def test_satisfaction_alone_makes_a_part():
    (row,) = parts(likert("1", ANSWERED, 12, satisfaction_score=75.0), {}).iter_rows(named=True)
    assert (row["status"], row["satisfaction_score"], row["n_satisfactions"]) == ("low_n", 75.0, 12)
    assert row["perception_score"] is None


def test_a_suppressed_part_shows_no_figure_at_all():
    """Twenty answered, but so unevenly weighted that they count for fewer than ten."""
    rows = likert("1", ANSWERED, 20, perception_mean=4.0, perception_score=50.0, gap_points=-1.0,
                  expectation_mean=5.0, importance_mean=20.0, satisfaction_score=60.0)  # fmt: skip
    sizes = {row["response_id"]: 3.0 if i < 2 else 0.3 for i, row in enumerate(rows)}
    (row,) = parts(rows, sizes).iter_rows(named=True)
    assert row["status"] == "suppressed"
    about = ("n_effective", "design_effect")
    assert [name for name, (dtype, _) in SURVEY_PARTS.items()
            if dtype == pl.Float64 and name not in about and row[name] is not None] == []  # fmt: skip
