"""core.text_topics: words that go together, and whether they would again."""

import numpy as np
from text_frames import readings, topics, written

THEMES = {
    "hospital invoice refund doctor ward surgery": "complaint",
    "agent promise return contract interest deposit": "complaint",
    "password screen login update button crash": "complaint",
    "queue counter parking opening lunch clerk": "complaint",
}


def talk(count: int, seed: int = 1) -> list[dict[str, object]]:
    """As many complaints, four words of one theme each and one that any may have."""
    rng = np.random.default_rng(seed)
    common = ["sunday", "letter", "autumn", "winter"]
    return [
        {
            "text": " ".join([*rng.permutation(theme.split())[:4], rng.choice(common)]),
            "source": "complaint",
            "complaint_id": f"K{n}",
            "label": "other",
        }
        for n in range(count)
        for theme in [list(THEMES)[n % len(THEMES)]]
    ]


def test_themes_are_found_again_and_every_text_is_of_one():
    texts = written(talk(240))
    found = topics(texts)
    assert found["n_topics"].unique().to_list() == [4]
    assert found["status"].unique().to_list() == ["stable"]
    assert sorted(sorted(words.split(" ")[:6]) for words in found["words"]) == sorted(
        sorted(theme.split()) for theme in THEMES
    )
    assert found["n_texts"].to_list() == [60] * 4
    placed = readings(texts)["topic"]
    assert placed.value_counts()["count"].to_list() == [60] * 4


def test_the_order_of_texts_changes_nothing():
    texts = written(talk(240)).collect()
    found = topics(texts.sample(fraction=1, shuffle=True, seed=3).lazy())
    assert found.sort("topic").equals(topics(texts.lazy()).sort("topic"))


def test_under_200_texts_no_topics_are_sought():
    (row,) = topics(written(talk(199))).rows(named=True)
    assert (row["topic"], row["n_collection"], row["status"]) == (0, 199, "too_few_texts")


def test_words_thrown_together_are_unstable():
    rng = np.random.default_rng(5)
    names = [f"{a}{b}{c}x" for a in "bcdfg" for b in "aeiou" for c in "lmnrs"]
    rows = [{"text": " ".join(rng.choice(names, 6)), "source": "complaint"} for _ in range(250)]
    assert set(topics(written(rows))["status"]) == {"unstable"}


def test_posts_that_repeat_a_complaint_are_in_no_topic():
    own = talk(200)
    posts = [
        {"text": row["text"], "source": "platform", "is_external": True, "text_id": f"P{n}"}
        for n, row in enumerate(own)
    ]
    found = topics(written([*own, *posts]))
    assert found["collection"].unique().to_list() == ["complaint"]
