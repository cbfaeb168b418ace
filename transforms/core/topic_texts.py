"""core.topic_texts: the texts in which topics are sought.

Which topics these are is `core.text_topics`.
"""

from datetime import date

import polars as pl

from transforms.core.texts import TEXTS
from transforms.facts.text_samples import drawn, known_before_the_month
from transforms.facts.text_topics import COLLECTED, collected
from transforms.facts.written_text import repeated_complaints
from transforms.model import Columns, transform
from transforms.settings import Settings, asks_for_texts

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
    reads={"texts": "core.texts", "arrivals": "staging.text_arrivals"},
    asked_for=asks_for_texts,
    keys=(),
    grain=("text_id",),
    columns=TOPIC_TEXTS,
)
def topic_texts(
    texts: pl.LazyFrame, arrivals: pl.LazyFrame, *, as_of: date, settings: Settings
) -> pl.LazyFrame:
    """One row per text in which topics are sought: written and recorded before this month.

    Posts outside that repeat a complaint known then are left out. Of more than 10,000 of a kind and language so many
    are drawn. From one day to the next of a month they are the same unless one of them is corrected or goes. They are
    drawn from all, so that the table is made whole.
    """
    known = known_before_the_month(texts, arrivals, as_of, settings).collect()
    kinds = collected(_as_known(known).lazy()).collect().partition_by(COLLECTED)
    samples = [drawn(part, MOST_SOUGHT, by="text_id") for part in kinds]
    return pl.concat(
        [pl.LazyFrame(schema=_SCHEMA), *(part.select(_SCHEMA.names()).lazy() for part in samples)]
    )


def _as_known(texts: pl.DataFrame) -> pl.DataFrame:
    """The texts, posts with the complaint among them that they repeat, whatever they were found to repeat later."""
    complaints = texts.filter(pl.col("source") == "complaint")
    found, is_known = (
        pl.col("repeats_complaint_id"),
        pl.col("repeats_complaint_id").is_in(complaints["complaint_id"].implode()),
    )
    before = repeated_complaints(texts.filter(found.is_not_null() & ~is_known), complaints)
    return texts.join(before, on="text_id", how="left", suffix="_before").with_columns(
        pl.coalesce(pl.when(is_known).then(found), "repeats_complaint_id_before").alias(
            "repeats_complaint_id"
        )
    )


_SCHEMA = pl.Schema({name: dtype for name, (dtype, _) in TOPIC_TEXTS.items()})
