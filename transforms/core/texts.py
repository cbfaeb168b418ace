"""core.texts: what each customer wrote, with what can be said of one text by itself, one row per text.

What is learned from many of them is in the other tables of texts.
"""

import polars as pl

from transforms.core.repeated_complaints import REPEATED_COMPLAINTS
from transforms.facts import written_text
from transforms.facts.written_text import CUES
from transforms.model import SEGMENT_COLUMNS, SERVICE_CHANNEL, Columns, transform
from transforms.settings import asks_for_texts

TEXTS: Columns = {
    "text_id": (pl.String, "The text; of comments complaint or survey and its key, with slashes between."),
    "source": (
        pl.String,
        "email, chat, platform, social, interview, focus_group; or complaint or survey, of which it is the comment.",
    ),
    "written_on": (pl.Date, "Day it was written or said."),
    "text": (pl.String, "What was written; numbers and addresses of people are masked."),
    "plain": (
        pl.String,
        "The text in one form: half-width, simplified, lower case, without signs and masks.",
    ),
    "words": (pl.String, "The words in it that say something, with spaces between."),
    "language": (pl.String, "zh where a fifth of the letters and more are Chinese, else other."),
    **{name: (pl.Boolean, description) for name, (_, description) in CUES.items()},
    "label": (pl.String, "What it is about, as a person sorted it; of complaints their category."),
    "second_label": (pl.String, "The same by a second person."),
    "session": (pl.String, "The interview or group it was said in."),
    "is_external": (pl.Boolean, "Published outside the insurer's own channels: in no regulatory ratio."),
    "repeats_complaint_id": REPEATED_COMPLAINTS["repeats_complaint_id"],
    "survey": (pl.String, "The survey of a comment."),
    "wave": (pl.String, "Its wave."),
    "response_id": (pl.String, "The questionnaire with the comment."),
    "customer_id": (pl.String, "Pseudonym of who wrote it."),
    "policy_id": (pl.String, "The policy it is about."),
    "claim_id": (pl.String, "The claim it is about."),
    "complaint_id": (pl.String, "The complaint it is about, or is the comment of."),
    **SEGMENT_COLUMNS,
    **SERVICE_CHANNEL,
}
SEGMENTS = (*SEGMENT_COLUMNS, *SERVICE_CHANNEL)


@transform(
    writes="core.texts",
    reads={"texts": "staging.texts", "repeated": "core.repeated_complaints"},
    known_on={"texts": "written_on"},
    asked_for=asks_for_texts,
    keys=("text_id",),
    grain=("text_id",),
    columns=TEXTS,
)
def texts(texts: pl.LazyFrame, repeated: pl.LazyFrame) -> pl.LazyFrame:
    """One row per text: its wording, language, words and cues, and the complaint that an external one repeats.

    Empty unless the project has `texts:` and the extra `text` is installed. Cues are words of a list, in Chinese and
    English; who counts them should have read some of the texts.
    """
    written = texts.collect()
    plain = written_text.plain(written["text"])
    return (
        written.with_columns(plain=plain, words=written_text.words(plain))
        .lazy()
        .with_columns(written_text.language(), pl.col(SEGMENTS).fill_null("unknown"), **written_text.cues())
        .join(repeated, on="text_id", how="left")
    )
