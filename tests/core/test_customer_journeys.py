"""core.customer_journeys: the steps of claims, complaints and policies, in whose hands, how they are perceived."""

from datetime import date

import polars as pl
from policy_frames import events_of, policies_of
from survey_frames import table

from tests.kpi.books import complaint_facts
from tests.kpi.claims_made import core_claims
from transforms.core.customer_journeys import customer_journeys
from transforms.core.policies import policies
from transforms.core.survey_responses import survey_responses
from transforms.settings import Settings

AS_OF = date(2025, 6, 30)
ASKED = Settings(customer_journeys=True)
JOURNEY = ("journey", "case_id", "step_no", "step", "owner", "entered_on", "left_on", "days", "is_last")


def made(settings: Settings = ASKED) -> pl.DataFrame:
    """One customer with a policy, a claim that waits for its payment, and a complaint about it that was answered."""
    claims = core_claims(
        {
            "K": [
                ("reported", date(2025, 3, 3)),
                ("documents_complete", date(2025, 3, 10)),
                ("decided", date(2025, 4, 14), {"outcome": "paid_full"}),
            ]
        },
        AS_OF,
        {"K": {"customer_id": "Z", "policy_id": "P"}},
    )
    complaint = {
        "customer_id": "Z",
        "complaint_id": "T",
        "received_on": date(2025, 6, 1),
        "first_response_on": date(2025, 6, 4),
    }
    held = policies(
        policies=policies_of({"policy_id": "P", "customer_id": "Z", "issued_on": date(2023, 1, 1)}),
        events=events_of(),
        as_of=AS_OF,
        settings=Settings(),
    )
    answers = [
        {
            "response_id": "R1",
            "customer_id": "Z",
            "claim_id": "K",
            "policy_id": "P",
            "satisfaction_score": 25.0,
        },
        {
            "response_id": "R2",
            "customer_id": "Z",
            "claim_id": "K",
            "policy_id": "P",
            "satisfaction_score": 50.0,
        },
    ]
    return customer_journeys(
        claims=claims.lazy(),
        complaints=complaint_facts([complaint], AS_OF)["core.complaints"],
        policies=held,
        responses=table(answers, survey_responses.schema),
        as_of=AS_OF,
        settings=settings,
    ).collect()


def test_the_steps_of_one_customer():
    found = made().sort("journey", "step_no")
    assert found.select(JOURNEY).rows() == [
        ("claim", "K", 1, "documents", "claims desk", date(2025, 3, 3), date(2025, 3, 10), 7, False),
        ("claim", "K", 2, "decision", "claims assessment", date(2025, 3, 10), date(2025, 4, 14), 35, False),
        ("claim", "K", 3, "payment", "payments", date(2025, 4, 14), None, None, True),
        ("complaint", "T", 1, "response", "complaint desk", date(2025, 6, 1), date(2025, 6, 4), 3, False),
        ("complaint", "T", 2, "decision", "complaint desk", date(2025, 6, 4), None, None, True),
        ("policy", "P", 1, "in force", "policy service", date(2023, 1, 1), None, None, True),
    ]
    assert set(found["customer_id"]) == {"Z"}


def test_a_case_is_perceived_by_the_answers_about_it():
    """Answers about the claim are not about the policy behind it."""
    found = made()
    scores = dict(found.filter(step_no=1).select("journey", "perceived_score").iter_rows())
    assert scores == {"claim": 37.5, "complaint": None, "policy": None}


def test_nothing_is_made_unless_the_project_asks():
    assert made(Settings()).is_empty()
