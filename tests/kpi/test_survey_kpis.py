"""The KPIs of surveys on worked examples; values as in the dictionary, which shows the same examples."""

import json
from datetime import date
from pathlib import Path

import pytest

from tests.kpi.books import KPIS, frame, quotient, record
from transforms.core.survey_invitations import invitations
from transforms.core.survey_responses import SURVEY_RESPONSES
from transforms.core.survey_scores import SURVEY_SCORES
from transforms.core.survey_weights import SURVEY_WEIGHTS
from transforms.kpi.surveys import DIMENSIONS, MEAN_PERCEPTIONS
from transforms.kpi.surveys import KPIS as SURVEY_KPIS

JUNE, AS_OF = date(2025, 6, 1), date(2025, 7, 31)
DAY = date(2025, 6, 15)
SCHEMAS = {
    "core.survey_responses": {name: dtype for name, (dtype, _) in SURVEY_RESPONSES.items()},
    "core.survey_scores": {name: dtype for name, (dtype, _) in SURVEY_SCORES.items()},
    "core.survey_weights": {name: dtype for name, (dtype, _) in SURVEY_WEIGHTS.items()},
    "core.survey_invitations": dict(invitations.schema),
}
USUAL = {"answered_on": DAY, "invited_on": DAY, "is_valid": True, "is_audit": False}


def cases(times: int, **row) -> list[dict]:
    return [row] * times


def of_dimensions(column: str, values, weights=(None,) * 5) -> list[dict]:
    """Thirty respondents of one opinion on every dimension."""
    told = zip(DIMENSIONS, values, weights, strict=True)
    return [row for d, v, w in told for row in cases(30, dimension=d, importance_mean=w, **{column: v})]


def on_hundred(values, low: float, high: float) -> list[float]:
    return [(value - low) / (high - low) * 100 for value in values]


def boxes(column: str, scores) -> list[dict]:
    """200 answers 5, 4, 3, 2, 1 in numbers 62, 71, 40, 17, 10."""
    return [
        row
        for score, n in zip(scores, (62, 71, 40, 17, 10), strict=True)
        for row in cases(n, **{column: score})
    ]


GAPS, POINTS = (-0.40, -0.95, -0.80, -0.55, -0.60), (11.0, 32.0, 22.0, 19.0, 16.0)
PERCEIVED = on_hundred(MEAN_PERCEPTIONS.values(), 1, 7)
# Four attributes; the fifth dimension has no importance and so no say.
SATISFIED, IMPORTANT = on_hundred((4.2, 3.6, 3.9, 4.4, 1.0), 1, 5), (4.5, 4.8, 4.0, 3.5, 0.0)
OVERALL = boxes("satisfaction_score", on_hundred((5, 4, 3, 2, 1), 1, 5))
STRATA = [
    row
    for mean, weight, n in ((4.2, 0.5 / 0.6, 60), (3.9, 1.0, 30), (3.1, 2.0, 10))
    for row in cases(n, satisfaction_score=(mean - 1) / 4 * 100, weight=weight)
]
EXAMPLES = {
    **{f"servperf_{dimension}_score": of_dimensions("perception_score", PERCEIVED) for dimension in DIMENSIONS},
    "servqual_gap_points": of_dimensions("gap_points", GAPS),
    "servqual_weighted_gap_points": of_dimensions("gap_points", GAPS, POINTS),
    "servperf_weighted_score": of_dimensions("perception_score", PERCEIVED, POINTS),
    "csi_score": of_dimensions("satisfaction_score", SATISFIED, IMPORTANT),
    "nps_points": [*cases(90, nps_score=10.0), *cases(50, nps_score=6.0), *cases(60, nps_score=8.0)],
    "satisfaction_score": OVERALL,
    "satisfied_share": OVERALL,
    "ces_score": [row for score in (7.0, 6.0, 5.0, 4.0, 3.0) for row in cases(6, ces_score=score)],
    "ces_easy_share": [*cases(140, ces_score=5.0), *cases(60, ces_score=4.0)],
    "satisfaction_poststratified_score": STRATA,
    "survey_response_share": [
        *cases(312, is_listed=True, is_eligible=True, is_complete=True),
        *cases(688, is_listed=True, is_eligible=True, is_complete=False),
        *cases(40, is_listed=True, is_eligible=False, is_complete=False),
        *cases(500, is_listed=False, is_eligible=True, is_complete=True),
    ],
    "survey_participation_share": [
        *cases(96, is_listed=False, is_eligible=True, is_complete=True),
        *cases(704, is_listed=False, is_eligible=True, is_complete=False),
        *cases(50, is_listed=True, is_eligible=True, is_complete=True),
    ],
}  # fmt: skip


def of_june(code: str, rows: list[dict]) -> dict:
    fact = KPIS[code].fact
    facts = {fact: frame(SCHEMAS[fact], [{**USUAL, **row} for row in rows])}
    (basis,) = KPIS[code].dates
    return record(code, facts, JUNE, AS_OF, basis=basis)


def test_every_kpi_of_surveys_has_its_example_here():
    assert {kpi.code for kpi in SURVEY_KPIS} == set(EXAMPLES)


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_example_of_the_dictionary_comes_out(code):
    found = of_june(code, EXAMPLES[code])
    assert found["value"] == pytest.approx(KPIS[code].example.value, abs=1e-9)
    assert found["status"] == "ok"
    assert found["ci_low"] <= found["value"] + 1e-9
    assert found["ci_high"] >= found["value"] - 1e-9


@pytest.mark.parametrize("code", [c for c in EXAMPLES if "survey_" not in c and "poststratified" not in c])
def test_audits_and_careless_answers_are_in_no_figure(code):
    careless = [{**row, "is_valid": False} for row in EXAMPLES[code][:7]]
    audits = [{**row, "is_audit": True} for row in EXAMPLES[code]]
    alone, among = of_june(code, EXAMPLES[code]), of_june(code, [*EXAMPLES[code], *careless, *audits])
    assert (among["value"], among["n"]) == (alone["value"], alone["n"])
    if KPIS[code].fact == "core.survey_responses":
        assert among["n_excluded"] == 7


def test_worked_values_of_the_golden_file(shared: Path):
    golden = json.loads((shared / "golden/ex04_survey.json").read_text())
    expected = {
        "servqual_gap_points": golden["servqual_unw"],
        "servqual_weighted_gap_points": golden["servqual_w"],
        "servperf_weighted_score": golden["servperf_100"],
        "csi_score": golden["csi"]["csi_rescaled"],
        "satisfied_share": golden["topbox"]["top2"] / 100,
        "satisfaction_score": (golden["topbox"]["mean"] - 1) / 4 * 100,
        "survey_response_share": golden["AAPOR_RR1"],
        "satisfaction_poststratified_score": (golden["poststrat"]["w"] - 1) / 4 * 100,
    }
    found = {code: of_june(code, EXAMPLES[code])["value"] for code in expected}
    assert found == pytest.approx(expected, abs=1e-9)
    nps = of_june("nps_points", EXAMPLES["nps_points"])
    assert (nps["value"], nps["ci_low"], nps["ci_high"]) == pytest.approx(
        (golden["nps"]["nps"], *golden["nps"]["adjwald"])
    )
    effort = [*cases(60, ces_score=3.0), *cases(8, ces_score=5.0), *cases(132, ces_score=6.0)]
    assert of_june("ces_score", effort)["value"] == pytest.approx(golden["ces"]["mean"])
    assert of_june("ces_easy_share", effort)["value"] * 100 == pytest.approx(golden["ces"]["pct_agree5+"])


def test_few_effective_respondents_are_suppressed():
    """Thirty answers, three of which weigh ten times the others, count for under ten."""
    rows = [{"satisfaction_score": 50.0 + i, "weight": 3.0 if i < 3 else 0.3} for i in range(30)]
    found = of_june("satisfaction_poststratified_score", rows)
    assert (found["status"], found["value"]) == ("suppressed", None)
    assert (found["numerator"], found["denominator"]) == (None, None), "or the value could be worked out"
    assert (
        of_june("satisfaction_poststratified_score", [{**r, "weight": 1.0} for r in rows])["status"] == "ok"
    )


def test_a_rate_of_response_waits_for_late_answers():
    facts = {
        "core.survey_invitations": frame(
            SCHEMAS["core.survey_invitations"],
            [{**USUAL, **row} for row in EXAMPLES["survey_response_share"]],
        )
    }
    found = record("survey_response_share", facts, JUNE, date(2025, 7, 10))
    assert (found["status"], found["value"]) == ("immature", None)
    assert quotient(found) == pytest.approx(0.312)
