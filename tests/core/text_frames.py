"""Frames of texts as the tests need them: what a row does not say is usual."""

import random
from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from transforms.core.repeated_complaints import repeated_complaints
from transforms.core.taught_texts import taught_texts
from transforms.core.text_models import text_models
from transforms.core.text_readings import text_readings
from transforms.core.text_sayings import text_sayings
from transforms.core.text_topics import text_topics
from transforms.core.texts import SEGMENTS, TEXTS, texts
from transforms.core.topic_texts import topic_texts
from transforms.model import INSTANT
from transforms.settings import Settings, TextSettings

RULES = TextSettings(min_texts_per_class=10)
TOLD: dict[str, Any] = {"as_of": date(2025, 12, 31), "settings": Settings(texts=RULES)}
USUAL = {
    "source": "email", "written_on": date(2025, 6, 20), "is_external": False, **dict.fromkeys(SEGMENTS, "unknown"),
}  # fmt: skip
MADE = ("plain", "words", "language", "repeats_complaint_id")
SCHEMA = pl.Schema(
    {
        name: dtype
        for name, (dtype, _) in TEXTS.items()
        if name not in MADE and not name.startswith(("names_", "says_"))
    }
)


def staged(rows: Iterable[dict[str, object]]) -> pl.LazyFrame:
    """staging.texts with these rows, numbered if they have no number."""
    numbered = [{"text_id": f"T{number:04}", **USUAL, **row} for number, row in enumerate(rows)]
    return pl.LazyFrame(numbered, schema=SCHEMA)


def written(rows: Iterable[dict[str, object]]) -> pl.LazyFrame:
    """core.texts of these rows."""
    return of_staged(staged(rows)).lazy()


def of_staged(frame: pl.LazyFrame) -> pl.DataFrame:
    """core.texts of staging.texts."""
    compared = frame.filter(pl.col("is_external") | (pl.col("source") == "complaint"))
    repeated = repeated_complaints(written=compared, **TOLD)
    return texts(texts=frame, repeated=repeated, **TOLD).collect()


def responses(rows: Iterable[dict[str, object]] = ()) -> pl.LazyFrame:
    """core.survey_responses as far as texts ask it."""
    usual = {"survey": "S", "wave": "1", "is_audit": False}
    schema = {
        **dict.fromkeys(("survey", "wave", "response_id"), pl.String),
        "is_audit": pl.Boolean,
        "nps_score": pl.Float64,
        "satisfaction_score": pl.Float64,
    }
    return pl.LazyFrame([{**usual, **row} for row in rows], schema=schema)


def arrivals(texts: pl.LazyFrame) -> pl.LazyFrame:
    """staging.text_arrivals of texts of which nobody says when they were recorded."""
    return texts.select("text_id", first_recorded_at=pl.lit(None, dtype=INSTANT))


def taught(texts: pl.LazyFrame, answers: pl.LazyFrame | None = None, **told_otherwise: Any) -> pl.DataFrame:
    """core.taught_texts of core.texts."""
    answers = responses() if answers is None else answers
    arrived = {"arrivals": arrivals(texts)}
    return taught_texts(texts=texts, responses=answers, **TOLD | arrived | told_otherwise).collect()


def sayings(sample: pl.DataFrame, **rules: Any) -> pl.DataFrame:
    """core.text_sayings of core.taught_texts."""
    return text_sayings(taught=sample.lazy(), **told(rules)).collect()


def models(texts: pl.LazyFrame, answers: pl.LazyFrame | None = None, **rules: Any) -> pl.DataFrame:
    """core.text_models of core.texts."""
    sample = taught(texts, answers)
    said = sayings(sample, **rules)
    return text_models(taught=sample.lazy(), sayings=said.lazy(), **told(rules)).collect()


def topics(texts: pl.LazyFrame) -> pl.DataFrame:
    """core.text_topics of core.texts."""
    return text_topics(texts=topic_texts(texts=texts, arrivals=arrivals(texts), **TOLD), **TOLD).collect()


def readings(
    texts: pl.LazyFrame,
    answers: pl.LazyFrame | None = None,
    asked: pl.LazyFrame | None = None,
    **rules: Any,
) -> pl.DataFrame:
    """core.text_readings of core.texts, or of those that are asked for."""
    sample = taught(texts, answers)
    broadcast = {
        "taught": sample,
        "sayings": sayings(sample, **rules),
        "models": models(texts, answers, **rules),
        "topics": topics(texts),
    }
    frames = {name: frame.lazy() for name, frame in broadcast.items()}
    return text_readings(texts=texts if asked is None else asked, **frames, **told(rules)).collect()


def told(rules: dict[str, Any]) -> dict[str, Any]:
    """As-of day and settings, with some rules of texts changed."""
    return TOLD | {"settings": Settings(texts=RULES.model_copy(update=rules))}


def letters(count: int = 60, *, months: Iterable[int] = range(1, 11)) -> list[dict[str, object]]:
    """Letters of two matters, so many of each in ten months, no two alike."""
    matters = {"claims": "my claim {} is not paid", "premium": "the premium of {} was collected twice"}
    return [
        {
            "written_on": date(2025, month, 5),
            "text": said.format("abcdefgh"[n] + "klmnopqrstuv"[month]),
            "label": label,
        }
        for month in months
        for label, said in matters.items()
        for n in range(count // 10)
    ]


def guessed() -> list[dict[str, object]]:
    """The letters, with labels that have nothing to do with them."""
    return [
        {**row, "label": random.Random(number).choice(("claims", "premium"))}
        for number, row in enumerate(letters())
    ]
