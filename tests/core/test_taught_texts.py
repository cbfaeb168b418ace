"""core.taught_texts: of which texts something is learned."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from text_frames import RULES, arrivals, letters, responses, taught, written

from transforms.model import INSTANT
from transforms.settings import Settings

DAY = date(2025, 11, 30)
LETTER = {"text": "my claim is not paid", "label": "claims", "second_label": "premium", "written_on": DAY}
COMMENT = {"text": "too slow", "source": "survey", "survey": "S", "wave": "1", "written_on": DAY}


@pytest.mark.parametrize(
    ("row", "given"),
    [
        (LETTER, ("category", "claims", "premium")),
        ({**LETTER, "source": "complaint"}, ("category", "claims", "premium")),
        ({**LETTER, "label": None}, None),
        ({**LETTER, "text": "!!"}, None),
        ({**LETTER, "source": "platform", "is_external": True}, None),
        ({**LETTER, "source": "interview"}, None),
        ({**LETTER, "written_on": date(2025, 12, 1)}, None),  # of the month of the as-of day
        ({**COMMENT, "response_id": "R1"}, ("sentiment", "negative", None)),
        ({**COMMENT, "response_id": "R2"}, None),  # gave no score
        ({**COMMENT, "response_id": "R3"}, None),  # of an audit
    ],
)
def test_texts_that_people_sorted_before_the_month(row, given):
    answers = [
        {"response_id": "R1", "nps_score": 6.0},
        {"response_id": "R2"},
        {"response_id": "R3", "nps_score": 6.0, "is_audit": True},
    ]
    found = taught(written([row]), responses(answers)).select("model", "class_given", "second_class")
    assert found.rows() == ([given] if given else [])


@pytest.mark.parametrize(
    ("recorded_at", "is_taught"),
    [
        (datetime(2025, 11, 30, 15, 59, tzinfo=UTC), True),
        (datetime(2025, 11, 30, 16, 0, tzinfo=UTC), False),  # the first of December in Shanghai
        (None, True),
    ],
)
def test_what_is_first_recorded_in_the_month_waits_for_the_next(recorded_at, is_taught):
    texts = written([LETTER])
    arrived = arrivals(texts).with_columns(first_recorded_at=pl.lit(recorded_at, dtype=INSTANT))
    settings = Settings(texts=RULES, time_zone="Asia/Shanghai")
    assert taught(texts, arrivals=arrived, settings=settings).height == is_taught


def test_it_stands_still_within_a_month():
    told = [taught(written(letters(months=range(1, 12))), as_of=date(2025, 11, day)) for day in (1, 30)]
    assert told[0].height == 120
    assert told[0].sort("text_id").equals(told[1].sort("text_id"))


def test_of_many_some_are_drawn_and_stay(monkeypatch):
    """Those whose wording comes first, as later texts come; equal wordings together."""
    monkeypatch.setattr("transforms.core.taught_texts.MOST_TAUGHT", 40)
    rows = letters()
    found = [taught(written(some)) for some in (rows[:100], rows)]
    assert [sample.height for sample in found] == [40, 40]
    stayed = found[0].join(found[1], on="text_id", how="semi").height
    assert 20 <= stayed < 40
    equal = [{**row, "text": f"said {n % 10} {'abcde'[n // 10]}"} for n, row in enumerate(rows[:50])]
    by_wording = taught(written(equal)).group_by(pl.col("plain").str.slice(-1)).len()["len"].to_list()
    assert sorted(by_wording) == [10] * 4
