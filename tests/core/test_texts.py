"""core.texts: what can be said of one text by itself."""

from datetime import date

import pytest
from text_frames import of_staged, staged, written


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


def test_what_is_written_after_the_as_of_day_is_not_known():
    frame = staged([{"text": "a", "written_on": date(2026, 1, 1)}, {"text": "b"}])
    assert of_staged(frame)["text"].to_list() == ["b"]
