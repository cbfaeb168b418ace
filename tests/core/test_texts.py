"""core.texts: what can be said of one text by itself."""

from datetime import date

import polars as pl
import pytest
from text_frames import TOLD, staged, written

from transforms.core.texts import texts


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


def test_what_is_written_after_the_as_of_day_is_not_known():
    frame = staged([{"text": "a", "written_on": date(2026, 1, 1)}, {"text": "b"}])
    assert texts(texts=frame, own=frame, **TOLD).collect()["text"].to_list() == ["b"]
