"""core.taught_texts: the texts that classifiers learn from and are judged by, with the class that people gave them.

What classifiers say of them is `core.text_sayings`.
"""

from datetime import date

import polars as pl

from transforms.facts.text_samples import drawn, known_before_the_month
from transforms.facts.written_text import MESSAGES, as_good_as_equal
from transforms.model import Columns, transform
from transforms.settings import Settings, asks_for_texts

CATEGORY, SENTIMENT = "category", "sentiment"
# Sources whose texts have a category: they come to the insurer, or could have.
SORTED_SOURCES = (*MESSAGES, "complaint")
NEGATIVE, NOT_NEGATIVE = "negative", "not_negative"
# A respondent's own score that is negative: a detractor's, or, where that is not asked, in the lower half of 0 to 100.
DETRACTORS_UP_TO, DISSATISFIED_BELOW = 6, 50
# More texts than these teach a model no more.
MOST_TAUGHT = 10_000

TAUGHT_TEXTS: Columns = {
    "model": (
        pl.String,
        "category: what a text is about; sentiment: whether a survey's comment is negative.",
    ),
    "text_id": (pl.String, "The text."),
    "written_on": (pl.Date, "Day it was written, in a month before that of the as-of day."),
    "plain": (pl.String, "The text in one form, as in core.texts."),
    "class_given": (
        pl.String,
        "What people said it is about; of comments negative or not_negative, by the respondent's own score.",
    ),
    "second_class": (pl.String, "What it is about, as a second person said."),
}


@transform(
    writes="core.taught_texts",
    reads={"texts": "core.texts", "responses": "core.survey_responses", "arrivals": "staging.text_arrivals"},
    asked_for=asks_for_texts,
    keys=(),
    grain=("text_id",),
    columns=TAUGHT_TEXTS,
)
def taught_texts(
    texts: pl.LazyFrame, responses: pl.LazyFrame, arrivals: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row per text that a classifier learns from: sorted by people, written and recorded before this month.

    Of more than 10,000 texts of a model so many are drawn, equal ones together. From one day to the next of a month
    they are the same unless one of them is corrected or goes. They are drawn from all, so that the table is made
    whole.
    """
    says_something = known_before_the_month(texts, arrivals, as_of, settings).filter(pl.col("plain") != "")
    to_sort = says_something.filter(
        pl.col("source").is_in(SORTED_SOURCES), ~pl.col("is_external")
    ).with_columns(model=pl.lit(CATEGORY), class_given="label", second_class="second_label")
    scores = responses.filter(~pl.col("is_audit")).select(
        "survey",
        "wave",
        "response_id",
        class_given=_mood_of(pl.col("nps_score"), pl.col("satisfaction_score")),
    )
    comments = (
        says_something.filter(pl.col("source") == "survey")
        .join(scores, on=["survey", "wave", "response_id"])
        .with_columns(model=pl.lit(SENTIMENT), second_class=pl.lit(None, dtype=pl.String))
    )
    samples = [
        drawn(
            given.filter(pl.col("class_given").is_not_null())
            .select(*TAUGHT_TEXTS, wording=as_good_as_equal(pl.col("plain")))
            .collect(),
            MOST_TAUGHT,
            by="wording",
        )
        for given in (to_sort, comments)
    ]
    return pl.concat(samples).lazy()


def _mood_of(recommend: pl.Expr, satisfaction: pl.Expr) -> pl.Expr:
    """The respondent's own verdict in the same questionnaire; empty where none was asked."""
    is_negative = pl.coalesce(recommend <= DETRACTORS_UP_TO, satisfaction < DISSATISFIED_BELOW)
    return pl.when(is_negative).then(pl.lit(NEGATIVE)).when(~is_negative).then(pl.lit(NOT_NEGATIVE))
