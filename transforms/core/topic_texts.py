"""core.topic_texts: the texts in which topics are sought.

Which topics these are is `core.text_topics`.
"""

from datetime import date

import polars as pl

from transforms.core.texts import TEXTS
from transforms.facts.text_samples import drawn, of_earlier_months
from transforms.facts.text_topics import COLLECTED, collected
from transforms.model import Columns, transform
from transforms.settings import asks_for_texts

# More texts than these of a kind and language change its topics no more.
MOST_SOUGHT = 10_000

TOPIC_TEXTS: Columns = {
    "text_id": (pl.String, "The text."),
    "collection": (
        pl.String,
        "Texts of a kind: complaint, comment (of surveys), message (to the insurer), external (that repeat no "
        "complaint), conversation (interviews and groups).",
    ),
    "language": (pl.String, "Its language."),
    "words": TEXTS["words"],
}


@transform(
    writes="core.topic_texts",
    reads={"texts": "core.texts"},
    asked_for=asks_for_texts,
    keys=(),
    grain=("text_id",),
    columns=TOPIC_TEXTS,
)
def topic_texts(texts: pl.LazyFrame, *, as_of: date) -> pl.LazyFrame:
    """One row per text in which topics are sought: written before this month, at most 10,000 a kind and language.

    From one day to the next of a month they are the same unless something becomes known of an earlier month. They are
    drawn from all, so that the table is made whole.
    """
    kinds = collected(of_earlier_months(texts, as_of)).collect().partition_by(COLLECTED)
    samples = [drawn(part, MOST_SOUGHT, by="text_id") for part in kinds]
    return pl.concat(
        [pl.LazyFrame(schema=_SCHEMA), *(part.select(_SCHEMA.names()).lazy() for part in samples)]
    )


_SCHEMA = pl.Schema({name: dtype for name, (dtype, _) in TOPIC_TEXTS.items()})
