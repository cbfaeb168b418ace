"""The KPIs of texts that machines read: how much is sorted without a person, how rightly, and what comments say."""

from typing import Any

import polars as pl

from transforms.facts.written_text import MESSAGES
from transforms.measures.case_measures import Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.settings import Settings, TextSettings

TO_THE_INSURER = pl.col("source").is_in(MESSAGES) & ~pl.col("is_external")
STATED = pl.col("category_reading") == "stated"
_READ_BY = (
    "character n-grams and logistic regression, published where the lower end of macro-F1 reaches the floor"
)

READ = Settings(texts=TextSettings())


def _asked_for(settings: Settings) -> dict[str, Any]:
    """Texts are read where the project says so."""
    return {} if settings.texts is None else {"awaits": ""}


_OF_TEXTS: dict[str, Any] = {
    "fact": "core.text_readings",
    "unit": "share",
    "dates": {"cohort": "written_on"},
    "minimum": 30,
    "suppress_below": 10,
    "awaits": "texts",
    "by_rules": _asked_for,
}
_OF_MESSAGES: dict[str, Any] = {
    **_OF_TEXTS,
    "population": TO_THE_INSURER,
    "direction": 1,
    "counts": "messages to the insurer: e-mails, chats, posts on its own pages; no complaints",
}  # fmt: skip

KPIS = (
    Kpi(
        code="text_auto_classified_share",
        title="Messages whose category a machine states",
        measure=Share(of=STATED, among=pl.col("category_reading").is_not_null()),
        source=f"House rule; {_READ_BY}",
        definition="Messages whose category the model states, among all that it reads; of the others it abstains. "
        "Without a model that is good enough there is no value.",
        formula="stated / (stated + abstained)",
        example=Example(
            given="90 messages of which the model states a category, 10 of which it abstains; 5 posts outside",
            value=0.9,
            numerator=90,
            denominator=100,
            under=READ,
            every={"written_on": "2025-03-03"},
            rows=rows("""
                cases  source    is_external  category_reading
                   60  email     no           stated
                   30  chat      no           stated
                   10  email     no           abstained
                    5  platform  yes          stated
            """),
        ),
        **_OF_MESSAGES,
    ),
    Kpi(
        code="text_classification_precision",
        title="Messages sorted rightly among those a machine states a category of",
        measure=Share(of=pl.col("is_category_right"), among=pl.col("is_category_right").is_not_null()),
        source=f"Precision of what is stated, on texts the model has not seen; {_READ_BY}",
        definition="Messages of which the model states the category that a person gave them, among those a person "
        "sorted and it states something of. What it says of them is said without having seen them.",
        formula="stated as labelled / stated and labelled",
        example=Example(
            given="80 stated as a person sorted them, 20 otherwise; 40 that nobody sorted, 10 not stated",
            value=0.8,
            numerator=80,
            denominator=100,
            under=READ,
            every={"written_on": "2025-03-03", "source": "email", "is_external": "no"},
            rows=rows("""
                cases  category_reading  is_category_right
                   80  stated            yes
                   20  stated            no
                   40  stated            -
                   10  abstained         -
            """),
        ),
        **_OF_MESSAGES,
    ),
    Kpi(
        code="comment_negative_share",
        title="Negative comments in surveys",
        measure=Share(of=pl.col("sentiment") == "negative", among=pl.col("sentiment").is_not_null()),
        population=pl.col("source") == "survey",
        direction=-1,
        counts="comments of customers in surveys",
        source=f"Sentiment learned from respondents' own scores, tested on later waves; {_READ_BY}",
        definition="Comments whose words are those of customers who would not recommend or are dissatisfied, among all "
        "comments read. Complaints have no sentiment: they are negative by what they are.",
        formula="negative / (negative + not negative)",
        example=Example(
            given="25 comments read as negative, 75 as not; 3 of which nothing is published, and a complaint",
            value=0.25,
            numerator=25,
            denominator=100,
            under=READ,
            every={"written_on": "2025-03-03", "is_external": "no"},
            rows=rows("""
                cases  source     sentiment
                   25  survey     negative
                   75  survey     not_negative
                    3  survey     -
                    1  complaint  -
            """),
        ),
        **_OF_TEXTS,
    ),
)
