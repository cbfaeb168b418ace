"""core.text_sayings: what classifiers say of the texts that people sorted, each said by one that has not seen the text.

How well that is done is `core.text_models`; what is said of all texts, `core.text_readings`.
"""

from datetime import date

import numpy as np
import polars as pl

from transforms.core.taught_texts import TAUGHT_TEXTS
from transforms.facts.written_text import as_good_as_equal
from transforms.model import Columns, transform
from transforms.settings import Settings, TextSettings, asks_for_texts
from transforms.statistics.text_classification import said_unseen

# The later texts, of whole months, are at least so much of those that models learn from.
LATER_SHARE = 0.2

TEXT_SAYINGS: Columns = {
    **{name: TAUGHT_TEXTS[name] for name in ("model", "text_id", "class_given")},
    "is_taught": (pl.Boolean, "Whether enough texts are of its class for the class to be learned."),
    "is_later": (
        pl.Boolean,
        "Whether it is of the later months, by which what earlier ones teach is judged.",
    ),
    "class_said": (
        pl.String,
        "The likeliest class by a classifier that has learned from others: of later texts from the earlier ones, of "
        "these from four fifths of them; empty where there was nothing to learn from.",
    ),
    "probability": (pl.Float64, "How certain it is, 0 to 1."),
}


@transform(
    writes="core.text_sayings",
    reads={"taught": "core.taught_texts"},
    asked_for=asks_for_texts,
    keys=(),
    grain=("text_id",),
    columns=TEXT_SAYINGS,
)
def text_sayings(taught: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per text that people sorted: the class given, and that said by a classifier that has not seen the text.

    Models learn from all texts together, so that the table is made whole.
    """
    rules = settings.texts or TextSettings()
    parts = taught.sort("text_id").collect().partition_by("model")
    return pl.concat([pl.LazyFrame(schema=_SCHEMA), *(_said(part, rules).lazy() for part in parts)])


_SCHEMA = pl.Schema({name: dtype for name, (dtype, _) in TEXT_SAYINGS.items()})


def _said(texts: pl.DataFrame, rules: TextSettings) -> pl.DataFrame:
    """The sayings of one model, of texts in an order of their own."""
    asked = texts.with_columns(is_taught=pl.len().over("class_given") >= rules.min_texts_per_class)
    sample = asked.filter("is_taught")
    asked = asked.with_columns(is_later=_is_later(sample["written_on"], asked["written_on"]))
    said, probability = np.full(asked.height, None, dtype=object), np.full(asked.height, np.nan)
    if sample["class_given"].n_unique() > 1:
        is_taught = asked["is_taught"].to_numpy()
        unseen = said_unseen(
            sample["plain"].to_list(),
            sample["class_given"].to_list(),
            sample.select(as_good_as_equal(pl.col("plain"))).to_series().to_list(),
            asked["is_later"].filter(asked["is_taught"]).to_numpy(),
        )
        said[is_taught], probability[is_taught] = unseen.classes, unseen.probability
    return asked.select(
        "model", "text_id", "class_given", "is_taught", "is_later",
        # Where there was nothing to learn from, nothing is said.
        class_said=pl.Series(said.tolist(), dtype=pl.String).replace("", None),
        # Digits that differ between processors say nothing.
        probability=pl.Series(probability.round(6)).fill_nan(None),
    )  # fmt: skip


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
