"""Frames of surveys as the tests need them: what a row does not say is usual."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.core.survey_responses import survey_responses
from transforms.core.survey_scores import survey_scores
from transforms.facts.survey_answers import RESPONSE_KEY
from transforms.facts.survey_roll_ups import SERVED
from transforms.settings import Settings

TOLD: dict[str, Any] = {"as_of": date(2025, 12, 31), "settings": Settings()}
ANSWERED = date(2025, 6, 20)
USUAL = {
    "survey": "service", "wave": "1", "stage": "claims", "answered_on": ANSWERED, "is_valid": True, "is_audit": False,
    "product_line": "life", "channel": "agent", "age_band": "30-39", "region": "north", "spell_no": 1,
    "is_merged": False, "is_listed": True, "is_eligible": True,
}  # fmt: skip

TEXT = ("customer_id", "policy_id", "claim_id", "complaint_id", "stage", "comment")
SEGMENTS = tuple(SERVED)


def answers_of(rows: Iterable[dict[str, object]]) -> pl.LazyFrame:
    """staging.survey_answers with these rows; what a row does not say is usual."""
    usual = {
        "survey": "service",
        "wave": "1",
        "answered_on": date(2025, 6, 1),
        "seconds": None,
        **dict.fromkeys(TEXT),
        **dict.fromkeys(SEGMENTS, "unknown"),
    }
    schema = {
        **dict.fromkeys(("survey", "wave", "response_id", "question"), pl.String),
        "answered_on": pl.Date,
        "score": pl.Float64,
        "seconds": pl.Float64,
        **dict.fromkeys((*TEXT, *SEGMENTS), pl.String),
    }
    return pl.LazyFrame([{**usual, **row} for row in rows], schema=schema)


def questions_of(rows: Iterable[dict[str, object]]) -> pl.LazyFrame:
    """staging.survey_questions with these rows: perceptions of reliability on 1–7 unless a row says otherwise."""
    usual = {
        "survey": "service",
        "item": None,
        "construct": "perception",
        "dimension": "reliability",
        "stage": None,
        "scale_min": 1.0,
        "scale_max": 7.0,
        "reverse": False,
    }
    text = ("survey", "question", "item", "construct", "dimension", "stage")
    schema = {
        **dict.fromkeys(text, pl.String),
        "scale_min": pl.Float64,
        "scale_max": pl.Float64,
        "reverse": pl.Boolean,
    }
    return pl.LazyFrame([{**usual, **row} for row in rows], schema=schema)


def pairs(items: Iterable[str], **about: object) -> list[dict[str, object]]:
    """Questions p<item> and e<item> for every item."""
    return [
        {"question": f"{construct[0]}{item}", "item": item, "construct": construct, **about}
        for item in items
        for construct in ("perception", "expectation")
    ]


def answered(response_id: str, **scores: float | None) -> list[dict[str, object]]:
    return [{"response_id": response_id, "question": q, "score": score} for q, score in scores.items()]


def table(rows: Iterable[dict[str, Any]], schema: pl.Schema) -> pl.LazyFrame:
    """A table of core with these rows; what a row does not say is usual, else empty."""
    usual = {name: USUAL[name] for name in schema if name in USUAL}
    return pl.LazyFrame([{**usual, **row} for row in rows], schema=schema)


def responses_of(
    answers: pl.LazyFrame, questions: pl.LazyFrame, settings: Settings = TOLD["settings"]
) -> pl.DataFrame:
    """core.survey_responses of these answers, in the order of its key."""
    told = {**TOLD, "settings": settings}
    return survey_responses(answers=answers, questions=questions, **told).collect().sort(RESPONSE_KEY)


def scores_of(answers: pl.LazyFrame, questions: pl.LazyFrame) -> pl.DataFrame:
    """core.survey_scores of these answers, in the order of its key."""
    frames = {
        "answers": answers,
        "questions": questions,
        "responses": responses_of(answers, questions).lazy(),
    }
    return survey_scores(**frames, **TOLD).collect().sort(*RESPONSE_KEY, "dimension")


def instrument_of(values: NDArray[np.float64], dimensions: list[str]) -> dict[str, pl.LazyFrame]:
    """Frames of customers who answered one perception item a column; NaN is no answer."""
    names = [f"q{i}" for i in range(len(dimensions))]
    answers = (
        pl.DataFrame(values, schema=names)
        .fill_nan(None)
        .with_columns(response_id=pl.format("r{}", pl.int_range(pl.len())))
        .unpivot(names, index="response_id", variable_name="question", value_name="score")
    )
    asked = [{"question": q, "dimension": d} for q, d in zip(names, dimensions, strict=True)]
    return {
        "answers": answers_of(answers.to_dicts()),
        "questions": questions_of(asked),
        "responses": table([{"response_id": f"r{i}"} for i in range(len(values))], survey_responses.schema),
    }


def complete(items):
    """Those who answered every item."""
    return items[~np.isnan(items).any(axis=1)]


@cache
def instrument() -> tuple[dict[str, pl.LazyFrame], NDArray[np.float64]]:
    """150 customers who answered four items of reliability, two of empathy; some left one out."""
    generator = np.random.default_rng(5)
    attitude = generator.normal(size=(150, 1))
    values = np.clip(np.round(4.5 + attitude + generator.normal(size=(150, 6))), 1, 7)
    values[generator.uniform(size=values.shape) < 0.03] = np.nan
    return instrument_of(values, ["reliability"] * 4 + ["empathy"] * 2), values
