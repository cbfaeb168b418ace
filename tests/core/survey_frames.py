"""Frames of surveys as the tests need them: what a row does not say is usual."""

from collections.abc import Iterable
from datetime import date

import polars as pl

TEXT = ("customer_id", "policy_id", "claim_id", "complaint_id", "stage", "comment")
SEGMENTS = ("org_unit", "region", "product_line", "channel", "age_band")


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
