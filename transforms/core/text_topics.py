"""core.text_topics: what the texts of a kind and language are about, as lists of words for a person to name.

Topics describe and measure nothing: their weight in an index is 0. The method is `statistics/topics.py`.
"""

import polars as pl

from transforms.core.topic_texts import TOPIC_TEXTS
from transforms.facts.text_topics import COLLECTED, with_topics
from transforms.model import Columns, transform
from transforms.settings import asks_for_texts
from transforms.statistics.topics import topics_of

STABLE, UNSTABLE, TOO_FEW_TEXTS = "stable", "unstable", "too_few_texts"

TEXT_TOPICS: Columns = {
    "collection": TOPIC_TEXTS["collection"],
    "language": (pl.String, "Their language."),
    "topic": (
        pl.Int64,
        "Number of the topic, in the alphabet of its words; 0 where there are too few texts.",
    ),
    "words": (pl.String, "Its words, the weightiest first."),
    "weights": (pl.String, "Their weights, in the same order."),
    "n_texts": (pl.Int64, "Texts of core.topic_texts that use the words of this topic most."),
    "n_collection": (pl.Int64, "Texts of the kind and language in core.topic_texts."),
    "n_topics": (pl.Int64, "Topics of them: as many as come out most alike from 20 subsamples."),
    "stability": (
        pl.Float64,
        "How alike they come out: mean Jaccard similarity of the top ten words, 0 to 1.",
    ),
    "status": (
        pl.String,
        "stable; unstable: under 0.6, other topics would do as well; too_few_texts: under 200.",
    ),
}


@transform(
    writes="core.text_topics",
    reads={"texts": "core.topic_texts"},
    asked_for=asks_for_texts,
    keys=COLLECTED,
    grain=("collection", "language", "topic"),
    columns=TEXT_TOPICS,
)
def text_topics(texts: pl.LazyFrame) -> pl.LazyFrame:
    """One row per topic of the texts of a kind and language: its words, and how far it can be relied on.

    Topics are found in all texts of a kind and language together.
    """
    kinds = texts.collect().sort("text_id")
    rows = [
        row
        for (collection, language), part in kinds.group_by(COLLECTED, maintain_order=True)
        for row in _rows(part["words"].str.split(" ").to_list(), collection=collection, language=language)
    ]
    names = [name for name in TEXT_TOPICS if name != "n_texts"]
    topics = pl.DataFrame(rows, schema={name: TEXT_TOPICS[name][0] for name in names})
    counts = with_topics(kinds.lazy(), topics.lazy()).group_by(*COLLECTED, "topic").agg(n_texts=pl.len())
    return (
        topics.lazy()
        .join(counts, on=[*COLLECTED, "topic"], how="left")
        .with_columns(pl.col("n_texts").fill_null(0))
    )


def _rows(words: list[list[str]], **kind: object) -> list[dict[str, object]]:
    found = topics_of(words)
    if found is None:
        return [{**kind, "topic": 0, "n_collection": len(words), "n_topics": 0, "status": TOO_FEW_TEXTS}]
    shared = {
        **kind,
        "n_collection": len(words),
        "n_topics": len(found.words),
        "stability": found.stability,
        "status": STABLE if found.is_stable else UNSTABLE,
    }
    return [
        {
            **shared,
            "topic": number,
            "words": " ".join(word for word, _ in topic),
            "weights": " ".join(f"{weight:.6f}" for _, weight in topic),
        }
        for number, topic in enumerate(found.words, start=1)
    ]
