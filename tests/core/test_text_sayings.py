"""core.text_sayings: of a text nothing is said by whoever has learned from it."""

import polars as pl
from text_frames import letters, sayings, taught, written


def test_later_months_are_told_apart_and_rare_classes_left_out():
    rare = [{"text": f"surrender {n}", "label": "surrender"} for n in range(9)]
    found = sayings(taught(written([*letters(), *rare])))
    assert found.filter("is_later").height == 24  # the last two of ten months
    assert found.filter("is_taught").select((pl.col("class_said") == pl.col("class_given")).all()).item()
    left_out = found.filter(~pl.col("is_taught"))
    assert left_out["class_given"].to_list() == ["surrender"] * 9
    assert left_out["class_said"].null_count() == left_out["probability"].null_count() == 9


def test_what_one_wording_teaches_is_not_said_of_it():
    """One sentence a class, whatever its numbers: whoever has not seen it cannot know its class."""
    said = {"claims": "no answer yet {}", "premium": "nothing so far {}"}
    same = [{**row, "text": said[row["label"]].format(n)} for n, row in enumerate(letters(months=[3]))]
    found = sayings(taught(written(same)))
    assert not found["class_said"].eq(found["class_given"]).any()
