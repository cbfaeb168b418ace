"""core.repeated_complaints: which texts written outside the insurer's channels repeat a complaint to it, and which.

How likeness is found is `facts/written_text.py`; what is said of each text by itself is `core.texts`.
"""

import polars as pl

from transforms.facts import written_text
from transforms.model import Columns, transform
from transforms.settings import asks_for_texts

REPEATED_COMPLAINTS: Columns = {
    "text_id": (pl.String, "The external text."),
    "repeats_complaint_id": (
        pl.String,
        "Complaint to the insurer that an external text repeats: much the same words within 180 days.",
    ),
}


@transform(
    writes="core.repeated_complaints",
    reads={"written": "staging.posts_and_complaints"},
    known_on={"written": "written_on"},
    asked_for=asks_for_texts,
    keys=(),
    grain=("text_id",),
    columns=REPEATED_COMPLAINTS,
)
def repeated_complaints(written: pl.LazyFrame) -> pl.LazyFrame:
    """One row per external text that repeats a complaint.

    Every post may be about every complaint, so that the table is made whole.
    """
    known = written.collect()
    plain = known.with_columns(written_text.plain(known["text"]).alias("plain"))
    is_complaint = pl.col("source") == "complaint"
    return written_text.repeated_complaints(plain.filter(~is_complaint), plain.filter(is_complaint)).lazy()
