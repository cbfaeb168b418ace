"""core.survey_weights: whom a stage speaks for, and how much each questionnaire counts."""

from datetime import date, timedelta

import polars as pl
import pytest
from survey_frames import (
    ANSWERED,
    TOLD,
    table,
)

from transforms.core.claims import claims
from transforms.core.complaints import complaints
from transforms.core.policies import policies
from transforms.core.survey_invitations import survey_invitations
from transforms.core.survey_responses import survey_responses
from transforms.core.survey_weights import survey_weights


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
        responses=table(responses, survey_responses.schema),
        invitations=table(asked, survey_invitations.schema),
        claims=table(decided, claims.schema),
        complaints=table(closed, complaints.schema),
        policies=table(sold, policies.schema),
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


def test_invitations_come_before_events_and_pop_ups_are_no_table():
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
