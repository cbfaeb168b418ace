"""core.topic_texts: in which texts topics are sought."""

from datetime import date

import polars as pl
import pytest
from text_frames import TOLD, arrivals, written

from transforms.core.topic_texts import topic_texts


def sought(rows: list[dict[str, object]]) -> pl.DataFrame:
    texts = written(rows)
    return topic_texts(texts=texts, arrivals=arrivals(texts), **TOLD).collect()


@pytest.mark.parametrize(
    ("row", "collection"),
    [
        ({"source": "chat"}, "message"),
        ({"source": "complaint"}, "complaint"),
        ({"source": "survey"}, "comment"),
        ({"source": "focus_group"}, "conversation"),
        ({"source": "social", "is_external": True}, "external"),
        ({"source": "chat", "written_on": date(2025, 12, 1)}, None),  # of the month of the as-of day
    ],
)
def test_texts_of_earlier_months_by_kind_and_language(row, collection):
    found = sought([{"text": "premium collected twice", **row}])
    expected = [(collection, "other", "premium collected twice")] if collection else []
    assert found.select("collection", "language", "words").rows() == expected


def test_a_post_is_left_out_once_the_complaint_that_it_repeats_was_known_before_the_month():
    said = "nobody has answered my letters about the surrender"
    post = {"source": "social", "is_external": True, "text": f"{said}!"}
    for complained_on, there in ((date(2025, 11, 30), []), (date(2025, 12, 1), ["external"])):
        complaint = {"source": "complaint", "complaint_id": "K1", "written_on": complained_on, "text": said}
        found = sought([{**post, "written_on": date(2025, 11, 20)}, complaint])
        assert found.filter(pl.col("collection") == "external")["collection"].to_list() == there


def test_a_later_complaint_that_is_more_alike_does_not_bring_a_post_back():
    said = "nobody has answered my letters about the surrender of the policy"
    post = {"source": "social", "is_external": True, "text": said, "written_on": date(2025, 11, 20)}
    before = {
        "source": "complaint",
        "complaint_id": "K1",
        "written_on": date(2025, 11, 30),
        "text": f"{said} x",
    }
    later = {"source": "complaint", "complaint_id": "K2", "written_on": date(2025, 12, 1), "text": said}
    texts = written([post, before, later]).collect()
    assert texts["repeats_complaint_id"].drop_nulls().to_list() == ["K2"]
    assert "external" not in sought([post, before, later])["collection"]


def test_of_many_of_a_kind_some_are_drawn(monkeypatch):
    monkeypatch.setattr("transforms.core.topic_texts.MOST_SOUGHT", 20)
    rows = [
        {"text": f"premium {n}", "source": source}
        for source, count in (("chat", 30), ("complaint", 10))
        for n in range(count)
    ]
    found = sought(rows)
    assert dict(found.group_by("collection").len().rows()) == {"message": 20, "complaint": 10}
