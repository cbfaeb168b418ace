"""Which texts topics are sought in together, and which topic each text is of.

How topics are found is `statistics/topics.py`.
"""

from collections.abc import Mapping

import polars as pl

from transforms.facts.written_text import CONVERSATIONS, MESSAGES

COLLECTED = ("collection", "language")
_COLLECTIONS: Mapping[str, str] = {
    "complaint": "complaint",
    "survey": "comment",
    **dict.fromkeys(MESSAGES, "message"),
    **dict.fromkeys(CONVERSATIONS, "conversation"),
}


def collected(texts: pl.LazyFrame) -> pl.LazyFrame:
    """text_id, collection, language and words; without external texts that repeat a complaint to the insurer."""
    kind = pl.col("source").replace_strict(_COLLECTIONS, default=None, return_dtype=pl.String)
    return texts.filter(pl.col("repeats_complaint_id").is_null()).select(
        "text_id",
        "language",
        "words",
        collection=pl.when("is_external").then(pl.lit("external")).otherwise(kind),
    )


def with_topics(texts: pl.LazyFrame, topics: pl.LazyFrame) -> pl.LazyFrame:
    """text_id, collection, language and topic of the collected texts that use a word of some topic.

    A text is of the topic whose words it uses most, by their weights; of topics that tie, of the first.
    """
    weighted = topics.select(
        *COLLECTED, "topic", word=pl.col("words").str.split(" "), weight=pl.col("weights").str.split(" ")
    ).explode("word", "weight", empty_as_null=False, keep_nulls=False)
    used = texts.select("text_id", *COLLECTED, word=pl.col("words").str.split(" ").list.unique()).explode(
        "word"
    )
    scores = (
        used.join(weighted, on=[*COLLECTED, "word"])
        .group_by("text_id", *COLLECTED, "topic")
        .agg(pl.col("weight").cast(pl.Float64).sort().sum().round(6))
    )
    best = scores.sort("weight", "topic", descending=[True, False])
    return best.unique("text_id", keep="first", maintain_order=True).select("text_id", *COLLECTED, "topic")
