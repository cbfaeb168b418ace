"""core.repeated_complaints: which posts outside say what a complaint to the insurer says."""

from collections import Counter
from datetime import date
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


WORDING = st.text(alphabet="abc", min_size=3, max_size=14)


@given(
    posts=st.lists(WORDING, min_size=1, max_size=12), complaints=st.lists(WORDING, min_size=1, max_size=12)
)
def test_wordings_are_alike_as_a_comparison_of_every_two_says(posts, complaints):
    def parts(text):
        return Counter(text[at : at + 3] for at in range(len(text) - 2))

    def cosine(one, other):
        one, other = parts(one), parts(other)
        product = sum(one[part] * other[part] for part in one)
        return product / sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))

    # A wording can come about again and again, on one day or another.
    day = date(2025, 3, 1)
    found = repeated_complaints(
        pl.DataFrame({"text_id": [f"P{i:02}" for i in range(len(posts))], "plain": posts}).with_columns(
            written_on=pl.lit(day)
        ),
        pl.DataFrame(
            {"complaint_id": [f"K{i:02}" for i in range(len(complaints))], "plain": complaints}
        ).with_columns(written_on=pl.lit(day)),
    )
    for number, post in enumerate(posts):
        likeness = [(-round(cosine(post, one), 9), f"K{i:02}") for i, one in enumerate(complaints)]
        best, complaint = min(likeness)
        told = dict(found.rows()).get(f"P{number:02}")
        assert told == (complaint if -best >= ALIKE_FROM else None)
