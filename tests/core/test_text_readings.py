"""core.text_readings: only what a published model states of a text it has not seen."""

from datetime import date

import polars as pl
from text_frames import guessed, letters, readings, written


def test_texts_that_nobody_sorted_are_sorted_and_external_ones_too():
    more = [
        {"text": "my claim has not been paid", "text_id": "A"},
        {
            "text": "the premium was collected twice",
            "text_id": "B",
            "source": "platform",
            "is_external": True,
        },
        {"text": "my claim is too slow", "text_id": "C", "source": "interview", "label": "speed"},
    ]
    found = readings(written([*letters(), *more]))
    stated = dict(found.select("text_id", "category").iter_rows())
    assert (stated["A"], stated["B"], stated["C"]) == ("claims", "premium", None)
    sorted_too = found.filter(pl.col("label").is_in(["claims", "premium"]))
    assert sorted_too["is_category_right"].all()
    assert found.filter(pl.col("text_id") == "A")["is_category_right"].item() is None


def test_a_text_is_read_alike_whichever_others_are_asked_with_it():
    new = [
        {"text": f"{said} {'abcde'[n]}", "text_id": f"N{n}{said}", "written_on": date(2025, 12, 3)}
        for said in ("my claim", "the premium", "no answer to my claim of the premium")
        for n in range(5)
    ]
    texts = written([*letters(), *new]).collect()
    whole = readings(texts.lazy())
    assert whole.filter(pl.col("written_on") == date(2025, 12, 3))["category_reading"].null_count() == 0
    for row in (slice(120, 121), slice(121, 135), slice(0, 1)):
        some = texts[row]
        alone = readings(texts.lazy(), asked=some.lazy())
        assert alone.sort("text_id").equals(
            whole.join(some.select("text_id"), on="text_id", how="semi").sort("text_id")
        )


def test_a_model_abstains_below_its_certainty():
    rows = [*letters(), {"text": "zzz", "text_id": "A"}]
    found = readings(written(rows), least_probability=0.9).row(
        by_predicate=pl.col("text_id") == "A", named=True
    )
    assert (found["category_reading"], found["category"], found["is_category_right"]) == (
        "abstained",
        None,
        None,
    )
    assert found["category_probability"] < 0.9


def test_what_is_not_good_enough_is_in_no_row():
    found = readings(written(guessed()))
    assert found.height == 120
    for column in ("category_reading", "category", "category_probability", "is_category_right", "sentiment"):
        assert found[column].null_count() == 120, column
