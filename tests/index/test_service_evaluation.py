"""The service evaluations of 2015 on the simulated insurer, worked out by hand from a month's published records."""

from datetime import date

import pytest

# One like others, and the last complete one, of which nothing may have to be waited for.
MONTHS = (date(2025, 9, 1), date(2025, 12, 1))
CLAIMS = {
    "claim_report_to_payment_days_mean": (1, "period", 30, 2),
    "claim_paid_share": (1, "period", 0.90, 0.995),
}
COMPLAINTS = {
    "complaints_per_10k_policies": (1, "cohort", 2.0, 0),
    "complaint_on_time_share": (1, "period", 0.80, 1.00),
}
# Per part its weight and its figures: weight in it, basis, and the values that score 0 and 100.
EVALUATIONS = {
    "life": [
        (15, {"policy_delivered_within_15_days_share": (1, "period", 0.85, 1.00)}),
        (
            15,
            {
                "call_answered_share": (1, "cohort", 0.60, 0.95),
                "callback_success_share": (1, "period", 0.80, 0.99),
            },
        ),
        (35, CLAIMS),
        (10, {"policy_alteration_request_to_completion_days_mean": (1, "period", 10, 0)}),
        (25, COMPLAINTS),
    ],
    "property": [
        (10, {"call_answered_share": (1, "cohort", 0.60, 0.95)}),
        (10, {"call_agent_satisfied_share": (1, "cohort", 0.80, 1.00)}),
        (10, {"enquiry_objection_resolved_share": (1, "period", 0.80, 1.00)}),
        (45, {"claim_registered_closed_share": (1, "period", 0.70, 1.00), **CLAIMS}),
        (25, COMPLAINTS),
    ],
}


def mean(scores: list[tuple[float, float]]) -> float:
    """Of weights and scores."""
    return sum(weight * score for weight, score in scores) / sum(weight for weight, _ in scores)


def score(value: float, worst: float, best: float) -> float:
    return 100 * min(max((value - worst) / (best - worst), 0), 1)


@pytest.mark.parametrize("month", MONTHS)
@pytest.mark.parametrize("name", EVALUATIONS)
def test_the_evaluation_scores_as_worked_out_by_hand(rows, name: str, month: date):
    of_month = f"cut = 'company' AND period = DATE '{month}'"
    records = rows(f"SELECT kpi, basis, value FROM kpi.monthly WHERE {of_month} AND value IS NOT NULL")
    values = {(kpi, basis): value for kpi, basis, value in records.iter_rows()}
    parts = [
        (
            weight,
            mean([(w, score(values[kpi, basis], *posts)) for kpi, (w, basis, *posts) in figures.items()]),
        )
        for weight, figures in EVALUATIONS[name]
    ]
    found = rows(
        f"SELECT score, coverage FROM index.scores WHERE {of_month} AND level = 0 "
        f"AND framework = 'cn_service_evaluation_2015_{name}'"
    )
    assert found["coverage"].item() == 1
    assert found["score"].item() == pytest.approx(mean(parts), abs=1e-9)
    assert 0 < found["score"].item() < 100
