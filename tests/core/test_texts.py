"""core.texts: what can be said of one text by itself."""

from collections import Counter
from datetime import date
from math import sqrt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from text_frames import TOLD, staged, written

from transforms.core.texts import texts
from transforms.facts.written_text import ALIKE_FROM, repeated_complaints


@pytest.mark.parametrize(
    ("text", "language", "plain", "words"),
    [
        ("理賠材料反覆補交！", "zh", "理赔材料反复补交", "理赔 材料 反复 补交"),
        ("ＣＡＬＬ　ｍｅ ２ times", "other", "call me 2 times", "call times"),
        ("call [number] or [e-mail] now", "other", "call or now", "call now"),
        ("APP 打不开", "zh", "app 打不开", "app 打不开"),
        (
            "the insurer 平安 never answered me",
            "other",
            "the insurer 平安 never answered me",
            "insurer 平安 never answered",
        ),
        ("！！", "other", "", ""),
    ],
)
def test_language_plain_form_and_words(text, language, plain, words):
    found = written([{"text": text}]).collect().row(0, named=True)
    assert (found["language"], found["plain"], found["words"]) == (language, plain, words)


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        ("再不处理我就打12378投诉", {"names_regulator"}),
        ("我會請律師，也會找記者曝光。", {"names_lawyer", "names_media"}),
        ("业务员误导我", {"says_misled"}),
        ("I was told it was savings; I have waited for weeks.", {"says_misled", "says_delayed"}),
        ("The counter was courteous.", set()),
        ("理赔很快，谢谢", set()),
    ],
)
def test_cues_in_both_languages(text, cues):
    found = written([{"text": text}]).collect().row(0, named=True)
    assert {name for name, given in found.items() if name.startswith(("names_", "says_")) and given} == cues


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


def test_what_is_written_after_the_as_of_day_is_not_known():
    frame = staged([{"text": "a", "written_on": date(2026, 1, 1)}, {"text": "b"}])
    assert texts(texts=frame, own=frame, **TOLD).collect()["text"].to_list() == ["b"]
