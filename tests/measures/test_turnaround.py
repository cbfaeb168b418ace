"""A clock declared once: what entries take from it, what they say themselves, and what is shown of their examples."""

from dataclasses import replace
from datetime import date
from functools import partial

import polars as pl
import pytest

from tests.kpi.claims_made import SETTINGS
from transforms.measures.case_measures import Deadline, Quantile
from transforms.measures.curve_measures import Clock, Incidence, SurvivalQuantile
from transforms.measures.example import Example, rows
from transforms.measures.records import kpi_records
from transforms.measures.turnaround import Turnaround
from transforms.periods import month_periods

OWN = {"code": "any", "title": "Any", "source": "test"}
IN_DAYS = Clock("asked_on", "answered_on", ("withdrawn_on",))
QUESTIONS = Turnaround(
    fact="core.open_questions",
    clock=Clock("asked_at", "answered_at", ("withdrawn_at",), IN_DAYS),
    days="asked_to_answered_days",
    ended="answered",
    withdrawn_on="withdrawn_on",
    dates={"cohort": "asked_on", "period": "answered_on"},
    counts="questions",
    horizon_days=20,
    minimum=7,
    ended_cases={"population": pl.col("is_answered"), "counts": "answered questions"},
)


def test_statistics_of_ended_cases_have_their_own_population_and_those_of_curves_no_horizon() -> None:
    median, open_median = QUESTIONS.median(**OWN), QUESTIONS.km_median(**OWN)
    assert median.measure == Quantile("asked_to_answered_days", 0.5)
    assert open_median.measure == SurvivalQuantile(QUESTIONS.clock, 0.5)
    assert (median.counts, open_median.counts) == ("answered questions", "questions")
    assert (median.population is None, open_median.population is None) == (False, True)
    assert (tuple(median.dates), tuple(open_median.dates)) == (("cohort", "period"), ("cohort",))
    assert (median.horizon_days, open_median.horizon_days) == (20, 0)
    assert {kpi.minimum for kpi in (median, open_median)} == {7}


def test_limits_are_in_calendar_days_whatever_the_clock() -> None:
    assert QUESTIONS.within_days(10, **OWN).measure == Deadline(
        "asked_on", "answered_on", 10, exits_on="withdrawn_on"
    )
    assert QUESTIONS.incidence(10, **OWN).measure == Incidence(IN_DAYS, 10)


def test_words_of_formulas_are_those_of_the_clock() -> None:
    assert QUESTIONS.mean(**OWN).formula == "Σ days / answered open questions"
    assert QUESTIONS.km_p90(**OWN).formula == "least t with S(t) ≤ 0.1, S(t) = Π (1 − answered / at risk)"
    assert QUESTIONS.beyond_days(60, **OWN).formula == "answered later than 60 days / answered"


def test_what_an_entry_says_itself_comes_first() -> None:
    kpi = QUESTIONS.within_days(10, **OWN, horizon_days=10, version="3", counts="some questions")
    assert (kpi.horizon_days, kpi.version, kpi.counts) == (10, "3", "some questions")


def test_a_clock_that_lacks_what_a_statistic_needs_says_so() -> None:
    bare = replace(QUESTIONS, days="", dates={"period": "answered_on"})
    with pytest.raises(ValueError, match="any: its clock names no column `days`"):
        bare.median(**OWN)
    with pytest.raises(ValueError, match="any: open cases are counted by cohort"):
        bare.km_median(**OWN)


def test_an_example_shows_what_the_statistic_looks_at() -> None:
    """Days and time follow from instants; columns that are empty or that a statistic does not look at are left out."""
    told = rows("""
        asked_at          answered_at       withdrawn_at
        2025-03-03T12:00  2025-03-05T00:00  -
        2025-03-04T12:00  -                 -
    """)
    example = Example(given="two questions", rows=told, value=1)
    shown = {
        name: getattr(QUESTIONS, name)(**OWN, example=example).example.rows
        for name in ("median", "km_median")
    }
    assert shown["median"][0] == {
        "asked_on": "2025-03-03", "answered_on": "2025-03-05", "asked_to_answered_days": "1.5",
    }  # fmt: skip
    assert shown["km_median"] == (
        {"asked_on": "2025-03-03", "asked_at": "2025-03-03T12:00", "answered_at": "2025-03-05T00:00"},
        {"asked_on": "2025-03-04", "asked_at": "2025-03-04T12:00", "answered_at": None},
    )


def test_open_cases_count_in_all_but_the_figures_of_ended_ones() -> None:
    """Ten claims: of the decided alone the median is 5 days, with those still open counted it is 8."""
    took = [2, 3, 3, 5, 8, 10, 12]
    start, as_of = date(2025, 3, 1), date(2025, 4, 6)
    asked = [start] * 8 + [date(2025, 3, 22), date(2025, 3, 31)]
    answered = [date(2025, 3, 1 + days) for days in took] + [None] * 3
    fact = pl.LazyFrame({"asked_on": asked, "answered_on": answered, "org_unit": ["a"] * 10}).with_columns(
        days=(pl.col("answered_on") - pl.col("asked_on")).dt.total_days()
    )
    claims = Turnaround(
        fact="own.claims",
        clock=Clock("asked_on", "answered_on"),
        days="days",
        ended="decided",
        dates={"cohort": "asked_on"},
        counts="claims",
    )
    asks = {
        "median": claims.median,
        "mean": claims.mean,
        "within": partial(claims.within_days, 10),
        "km_median": claims.km_median,
        "restricted_mean": partial(claims.restricted_mean, 30),
        "probability": partial(claims.probability, 10),
    }
    kpis = [ask(code=code, title=code, source="test") for code, ask in asks.items()]
    found = kpi_records(
        {"own.claims": fact}, kpis, month_periods([start]), as_of=as_of, settings=SETTINGS
    ).filter(cut="company")
    values = dict(found.select("kpi", "value").iter_rows())
    assert values == pytest.approx(
        {
            "median": 5,
            "mean": 43 / 7,
            "within": 6 / 9,
            "km_median": 8,
            "restricted_mean": 12.1,
            "probability": 0.64,
        }
    )
