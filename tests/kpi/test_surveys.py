"""The KPIs of surveys: who is in no figure, whose figure is not shown, and how wide intervals are."""

from dataclasses import replace
from datetime import date

import pytest

from tests.kpi.books import record
from tests.kpi.example_records import KPIS, SCHEMAS, record_of
from transforms.kpi.surveys import KPIS as SURVEY_KPIS
from transforms.measures.example import Rows, rows
from transforms.measures.example_record import facts_of

ASKED = [kpi.code for kpi in SURVEY_KPIS if kpi.fact in ("core.survey_scores", "core.survey_responses")]


def published(code: str, given: Rows, as_of: date = date(2025, 12, 31)) -> dict:
    """The record as a project has it, with its minimum and maturity."""
    facts = facts_of(KPIS[code].fact, replace(KPIS[code].example, rows=given), SCHEMAS)
    (basis,) = KPIS[code].dates
    return record(code, facts, date(2025, 3, 1), as_of, basis=basis)


@pytest.mark.parametrize("code", ASKED)
def test_audits_and_careless_answers_are_in_no_figure(code: str):
    example = KPIS[code].example
    careless = tuple({**row, "is_valid": "no", "cases": 2} for row in example.rows)
    audits = tuple({**row, "is_audit": "yes"} for row in example.rows)
    alone, among = record_of(code), record_of(code, replace(example, rows=example.rows + careless + audits))
    assert (among["value"], among["n"]) == (alone["value"], alone["n"])
    if KPIS[code].fact == "core.survey_responses":
        assert among["n_excluded"] == 2 * len(example.rows)


def test_the_promoter_score_has_an_adjusted_wald_interval():
    """90 promoters and 50 detractors of 200."""
    found = record_of("nps_points")
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((8.489796413593405, 30.756390519648075))


def test_effort_of_two_hundred():
    example = replace(
        KPIS["ces_score"].example,
        rows=rows("""
            cases  ces_score
               60          3
                8          5
              132          6
        """),
    )
    assert record_of("ces_score", example)["value"] == pytest.approx(5.06)
    assert record_of("ces_easy_share", example)["value"] == 0.7


def test_few_effective_respondents_are_suppressed():
    """Thirty answers, three of which weigh ten times the others, count for under ten."""
    uneven = rows("""
        cases  satisfaction_score  weight
            3                  50     3.0
           27                  60     0.3
    """)
    found = published("satisfaction_poststratified_score", uneven)
    assert (found["status"], found["value"]) == ("suppressed", None)
    assert (found["numerator"], found["denominator"]) == (None, None), "or the value could be worked out"
    even = tuple({**row, "weight": 1.0} for row in uneven)
    assert published("satisfaction_poststratified_score", even)["status"] == "ok"


def test_a_rate_of_response_waits_for_late_answers():
    given = KPIS["survey_response_share"].example.rows
    found = published("survey_response_share", given, date(2025, 4, 10))
    assert (found["status"], found["value"]) == ("immature", None)
    assert (found["numerator"], found["denominator"]) == (312, 1000)
