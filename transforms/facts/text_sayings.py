"""What the classifiers of texts say: of each text the likeliest category, and of comments whether they are negative.

Of texts that people sorted it is said by classifiers that have not seen them, so that they can be judged by it. How
well they do is `core.text_models`, what is published of it `core.text_readings`.
"""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from transforms.facts.written_text import MESSAGES, as_good_as_equal
from transforms.settings import Settings, TextSettings
from transforms.statistics.text_classification import fitted, place_of, said_by, said_unseen

CATEGORY, SENTIMENT = "category", "sentiment"
# Sources whose texts have a category: they come to the insurer, or could have.
SORTED_SOURCES = (*MESSAGES, "complaint")
NEGATIVE, NOT_NEGATIVE = "negative", "not_negative"
# A respondent's own score that is negative: a detractor's, or, where that is not asked, in the lower half of 0 to 100.
DETRACTORS_UP_TO, DISSATISFIED_BELOW = 6, 50
# The later texts, of whole months, are at least so much of those that people sorted.
LATER_SHARE = 0.2
# More texts than these teach no more.
MOST_TAUGHT = 10_000
SAYINGS: Mapping[str, type[pl.DataType]] = {
    "text_id": pl.String,
    "model": pl.String,
    "group": pl.String,
    "class_given": pl.String,
    "second_class": pl.String,
    "class_said": pl.String,
    "probability": pl.Float64,
    "is_later": pl.Boolean,
    "is_taught": pl.Boolean,
}


def sayings(texts: pl.LazyFrame, responses: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """A row per text and model: the class given by people, and that said by a classifier that has not seen it.

    `is_taught`: the text was sorted by people, into a class with enough texts; its saying is out of sample, of the
    `is_later` ones by what was learned from earlier months. `second_class` is that of a second person.
    """
    rules = settings.texts or TextSettings()
    known = texts.filter(pl.col("written_on") <= as_of)
    written = known.select(
        "text_id", "source", "written_on", "is_external", "label", "second_label", "survey", "wave", "response_id",
        "plain", group=as_good_as_equal(pl.col("plain")),
    )  # fmt: skip
    to_sort = written.filter(pl.col("source").is_in(SORTED_SOURCES)).with_columns(
        class_given=pl.when(~pl.col("is_external")).then("label"), second_class="second_label"
    )
    scores = responses.filter(~pl.col("is_audit")).select(
        "survey",
        "wave",
        "response_id",
        class_given=_mood_of(pl.col("nps_score"), pl.col("satisfaction_score")),
    )
    comments = (
        written.filter(pl.col("source") == "survey")
        .join(scores, on=["survey", "wave", "response_id"])
        .with_columns(second_class=pl.lit(None, dtype=pl.String))
    )
    parts = [
        _said(CATEGORY, to_sort.collect(), rules),
        _said(SENTIMENT, comments.collect(), rules),
    ]
    return pl.concat(parts).lazy()


def _mood_of(recommend: pl.Expr, satisfaction: pl.Expr) -> pl.Expr:
    """The respondent's own verdict in the same questionnaire; empty where none was asked."""
    is_negative = pl.coalesce(recommend <= DETRACTORS_UP_TO, satisfaction < DISSATISFIED_BELOW)
    return pl.when(is_negative).then(pl.lit(NEGATIVE)).when(~is_negative).then(pl.lit(NOT_NEGATIVE))


def _said(model: str, texts: pl.DataFrame, rules: TextSettings) -> pl.DataFrame:
    """The sayings of one model, of texts in an order of their own."""
    asked = _asked(texts, rules)
    sample = asked.filter("is_taught")
    said, probability = np.full(asked.height, None, dtype=object), np.full(asked.height, np.nan)
    if sample["class_given"].n_unique() > 1:
        wording, given = sample["plain"].to_list(), sample["class_given"].to_list()
        unseen = said_unseen(wording, given, sample["group"].to_list(), sample["is_later"].to_numpy())
        is_taught = asked["is_taught"].to_numpy()
        said[is_taught], probability[is_taught] = unseen.classes, unseen.probability
        others = said_by(fitted(wording, given), asked.filter(~pl.col("is_taught"))["plain"].to_list())
        said[~is_taught], probability[~is_taught] = others.classes, others.probability
    return asked.select(
        *(
            pl.col(name)
            for name in ("text_id", "group", "class_given", "second_class", "is_later", "is_taught")
        ),
        model=pl.lit(model),
        # Where there was nothing to learn from, nothing is said.
        class_said=pl.Series(said.tolist(), dtype=pl.String).replace("", None),
        # Digits that differ between processors say nothing.
        probability=pl.Series(probability.round(6)).fill_nan(None),
    ).select(pl.col(name).cast(dtype) for name, dtype in SAYINGS.items())


def _asked(texts: pl.DataFrame, rules: TextSettings) -> pl.DataFrame:
    """The texts that say anything, in an order of their own, with `is_taught` and `is_later`."""
    ordered = texts.filter(pl.col("plain") != "").sort("text_id")
    enough = pl.len().over("class_given") >= rules.min_texts_per_class
    taught = _at_most(ordered.filter(pl.col("class_given").is_not_null() & enough), MOST_TAUGHT)
    return ordered.with_columns(
        pl.col("text_id").is_in(taught["text_id"].implode()).alias("is_taught"),
        _is_later(taught["written_on"], ordered["written_on"]).alias("is_later"),
    )


def _is_later(taught: pl.Series, days: pl.Series) -> pl.Series:
    """Whether days are in the latest months that hold enough of the taught texts; nowhere if these are all months."""
    line = _line(taught)
    return pl.Series([False] * len(days), dtype=pl.Boolean) if line is None else days >= line


def _line(taught: pl.Series) -> date | None:
    months = (
        taught.dt.truncate("1mo").alias("month").value_counts().sort("month", descending=True)
        .with_columns(share=pl.col("count").cum_sum() / len(taught))
    )  # fmt: skip
    reached = months.filter(pl.col("share") >= LATER_SHARE)
    return reached["month"][0] if reached.height > 1 else None


def _at_most(texts: pl.DataFrame, most: int) -> pl.DataFrame:
    """The texts, or, of more, those whose groups come first in an order that has nothing to do with them."""
    if texts.height <= most:
        return texts
    place = pl.Series("place", [place_of(group) for group in texts["group"]])
    return texts.with_columns(place).sort("place", "text_id")[:most].drop("place")
