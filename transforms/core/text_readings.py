"""core.text_readings: what may be published of what machines read in each text, one row per text.

How well they read is `core.text_models`; KPIs of texts count these rows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from transforms.core.taught_texts import CATEGORY, SENTIMENT, SORTED_SOURCES
from transforms.core.text_models import ALL, PUBLISHED, is_stated
from transforms.core.texts import SEGMENTS, TEXTS
from transforms.facts.text_topics import collected, with_topics
from transforms.facts.written_text import CONVERSATIONS, MESSAGES
from transforms.model import Columns, transform
from transforms.origins import ALWAYS, Origins, item
from transforms.settings import Settings, TextSettings, asks_for_texts
from transforms.statistics.text_classification import fitted, said_by

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

STATED, ABSTAINED = "stated", "abstained"
_written = item("texts.text") & item("texts.written_on")
_scored = item("survey_answers.comment") & item("survey_answers.score")
ORIGINS: Origins = {
    **{f"source={code}": item(f"texts.source={code}") for code in (*MESSAGES, *CONVERSATIONS)},
    "source=survey": item("survey_answers.comment"),
    "source=complaint": item("complaints.comment"),
    "written_on": _written | item("survey_answers.comment") | item("complaints.comment"),
    "label": "texts.label",
    "is_external": ALWAYS,
    "category_reading": _written & (item("texts.label") | item("complaints.category")),
    "is_category_right": _written & item("texts.label"),
    "sentiment": _scored,
}

TEXT_READINGS: Columns = {
    **{name: TEXTS[name] for name in ("text_id", "source", "written_on", "language", "is_external", "label")},
    **{name: TEXTS[name] for name in SEGMENTS},
    "category_reading": (
        pl.String,
        "stated, or abstained for want of certainty; empty where no category is sought or the model is not published.",
    ),
    "category": (pl.String, "The category stated by the model, which has not seen the text."),
    "category_probability": (pl.Float64, "How certain it is, 0 to 1."),
    "is_category_right": (pl.Boolean, "Whether it is the label; empty where nothing is stated or no label known."),
    "sentiment": (
        pl.String,
        "Of a survey's comment, negative or not_negative, by its words alone; empty where the model is not published.",
    ),
    "collection": (pl.String, "The texts of a kind among which topics are sought, as in core.text_topics."),
    "topic": (pl.Int64, "Its topic in core.text_topics; empty where it uses none of their words."),
}  # fmt: skip


@transform(
    writes="core.text_readings",
    reads={"texts": "core.texts"},
    broadcast={
        "taught": "core.taught_texts",
        "sayings": "core.text_sayings",
        "models": "core.text_models",
        "topics": "core.text_topics",
    },
    asked_for=asks_for_texts,
    origins=lambda settings: ORIGINS,
    keys=("text_id",),
    grain=("text_id",),
    columns=TEXT_READINGS,
)
def text_readings(
    texts: pl.LazyFrame,
    taught: pl.LazyFrame,
    sayings: pl.LazyFrame,
    models: pl.LazyFrame,
    topics: pl.LazyFrame,
    *,
    settings: Settings,
) -> pl.LazyFrame:
    """One row per text: the category and sentiment that a published model states of it, and its topic.

    Of texts that people sorted too it is what a model says that has not seen them. What models say that are not good
    enough is in no row.
    """
    published = models.filter((pl.col("class") == ALL) & (pl.col("status") == PUBLISHED)).select("model")
    learned = (
        sayings.filter("is_taught")
        .join(published, on="model", how="semi")
        .join(taught.select("text_id", "plain"), on="text_id")
        .collect()
    )
    is_sorted = pl.col("source").is_in(SORTED_SOURCES)
    of_customers = ~pl.col("survey").is_in(list(settings.surveys.audits))
    categories = _said(CATEGORY, texts.filter(is_sorted), learned).with_columns(
        is_stated=is_stated(settings.texts or TextSettings())
    )
    moods = _said(SENTIMENT, texts.filter((pl.col("source") == "survey") & of_customers), learned)
    kinds = collected(texts)
    topic_of = with_topics(kinds, topics).select("text_id", "topic")
    return (
        texts.join(categories, on="text_id", how="left")
        .join(moods.select("text_id", sentiment="class_said"), on="text_id", how="left")
        .join(kinds.select("text_id", "collection"), on="text_id", how="left")
        .join(topic_of, on="text_id", how="left")
        .with_columns(
            category_reading=pl.when("is_stated")
            .then(pl.lit(STATED))
            .when(~pl.col("is_stated"))
            .then(pl.lit(ABSTAINED)),
            category=pl.when("is_stated").then("class_said"),
            category_probability="probability",
            is_category_right=pl.when(pl.col("is_stated") & ~pl.col("is_external")).then(
                pl.col("class_said") == pl.col("label")
            ),
        )
    )


def _said(model: str, texts: pl.LazyFrame, learned: pl.DataFrame) -> pl.LazyFrame:
    """text_id, class_said and probability of the texts, if the model has learned anything that may be published."""
    sample = learned.filter(pl.col("model") == model).sort("text_id")
    said = ("text_id", "class_said", "probability")
    unseen = sample.lazy().select(said)
    others = (
        texts.filter(pl.col("plain") != "").join(unseen, on="text_id", how="anti").select("text_id", "plain")
    ).collect()
    if sample.is_empty() or others.is_empty():
        return texts.select("text_id").join(unseen, on="text_id")
    found = said_by(_fitted(tuple(sample["plain"]), tuple(sample["class_given"])), others["plain"].to_list())
    read = others.lazy().select(
        "text_id",
        class_said=pl.Series(found.classes.tolist(), dtype=pl.String),
        # Digits that differ between processors say nothing.
        probability=pl.Series(found.probability.round(6)),
    )
    return pl.concat([texts.select("text_id").join(unseen, on="text_id"), read])


@lru_cache(maxsize=2)
def _fitted(texts: tuple[str, ...], classes: tuple[str, ...]) -> Pipeline:
    """The classifier of a model, learned once for all buckets of texts that a process reads."""
    return fitted(texts, classes)
