"""core.repeated_complaints: which posts outside say what a complaint to the insurer says."""

from collections import Counter
from datetime import date, timedelta
from math import sqrt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from text_frames import written

from transforms.facts.written_text import ALIKE_FROM, repeated_complaints

SAID = "业务员说是存款，其实是十年期的年金险，退保只退一半，要求全额退款。"


@pytest.mark.parametrize(
    ("post", "repeats"),
    [
        ({"text": f"【投诉】{SAID}"}, "K1"),
        ({"text": f"【投诉】{SAID}", "written_on": date(2025, 12, 1)}, "K1"),
        ({"text": f"【投诉】{SAID}", "written_on": date(2025, 12, 19)}, None),  # the 181st day
        ({"text": f"【投诉】{SAID}", "is_external": False}, None),
        ({"text": "业务员说是存款，其实是保险。"}, None),
    ],
)
def test_an_external_post_that_repeats_a_complaint(post, repeats):
    complaint = {"text": SAID, "source": "complaint", "complaint_id": "K1", "written_on": date(2025, 6, 21)}
    rows = [complaint, {"source": "platform", "is_external": True, **post}]
    found = written(rows).collect().filter(pl.col("source") == "platform")
    assert found["repeats_complaint_id"].item() == repeats


WRITTEN = st.lists(
    st.tuples(st.text(alphabet="abc", min_size=3, max_size=14), st.integers(0, 700)), min_size=1, max_size=12
)


@given(posts=WRITTEN, complaints=WRITTEN)
def test_wordings_are_alike_as_a_comparison_of_every_two_says(posts, complaints):
    """Of those at most 180 days apart."""

    def parts(text):
        return Counter(text[at : at + 3] for at in range(len(text) - 2))

    def cosine(one, other):
        one, other = parts(one), parts(other)
        product = sum(one[part] * other[part] for part in one)
        return product / sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))

    def frame(name, letter, written):
        return pl.DataFrame(
            {
                name: [f"{letter}{i:02}" for i in range(len(written))],
                "plain": [text for text, _ in written],
                "written_on": [date(2024, 3, 1) + timedelta(day) for _, day in written],
            }
        )

    found = repeated_complaints(frame("text_id", "P", posts), frame("complaint_id", "K", complaints))
    for number, (post, day) in enumerate(posts):
        likeness = [
            (-round(cosine(post, one), 9), f"K{i:02}")
            for i, (one, received) in enumerate(complaints)
            if abs(day - received) <= 180
        ]
        best, complaint = min(likeness, default=(0, ""))
        told = dict(found.rows()).get(f"P{number:02}")
        assert told == (complaint if -best >= ALIKE_FROM else None)
