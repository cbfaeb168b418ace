"""core.text_models: how right the models are, and when they are published."""

from datetime import date

import polars as pl
import pytest
from text_frames import guessed, letters, models, responses, written


def test_a_model_that_knows_the_words_is_published():
    found = models(written(letters()))
    whole = found.row(by_predicate=pl.col("class") == "all", named=True)
    assert whole["status"] == "published"
    assert (whole["n_texts"], whole["n_later"]) == (120, 24)  # the last two of ten months
    assert whole["macro_f1"] == whole["later_macro_f1"] == whole["precision"] == whole["recall"] == 1
    claims = found.row(by_predicate=pl.col("class") == "claims", named=True)
    assert (claims["n_texts"], claims["said_counts"]) == (60, "claims 60")


def test_a_model_of_words_that_say_nothing_is_not_good_enough():
    found = models(written(guessed())).filter(pl.col("class") == "all").row(0, named=True)
    assert found["status"] == "not_good_enough"
    assert found["macro_f1"] < 0.7
    assert found["macro_f1_low"] <= found["macro_f1"] <= found["macro_f1_high"]


@pytest.mark.parametrize(
    "rows",
    [
        letters(months=[5]),  # no later month to be held to
        [row for row in letters() if row["label"] == "claims"],  # nothing to tell apart
        [*letters(20)[:9], *(row for row in letters() if row["label"] == "claims")],  # nine of one class
    ],
)
def test_too_few_texts_make_no_model(rows):
    assert set(models(written(rows)).filter(pl.col("class") == "all")["status"]) == {"too_few_texts"}


def test_a_class_with_too_few_texts_is_left_out_and_told():
    rare = [{"text": f"surrender {n}", "label": "surrender"} for n in range(9)]
    found = models(written([*letters(), *rare]))
    status = dict(found.select("class", "status").iter_rows())
    assert status == {
        "all": "published",
        "claims": "published",
        "premium": "published",
        "surrender": "too_few_texts",
    }
    assert found.row(by_predicate=pl.col("class") == "all", named=True)["n_texts"] == 129


def test_texts_that_differ_in_numbers_alone_are_judged_together():
    """One sentence a class, whatever its numbers: whoever has not seen it cannot know its class."""
    said = {"claims": "no answer yet {}", "premium": "nothing so far {}"}
    same = [{**row, "text": said[row["label"]].format(n)} for n, row in enumerate(letters())]
    found = models(written(same)).row(by_predicate=pl.col("class") == "all", named=True)
    assert found["status"] == "not_good_enough"
    assert found["macro_f1"] == 0


def test_nothing_is_learned_from_external_texts():
    outside = [{**row, "is_external": True, "source": "platform"} for row in letters()]
    assert models(written(outside)).is_empty()


def test_people_who_sort_the_same_texts():
    """Krippendorff's alpha of 120 texts, six of which the second person sorts otherwise."""
    rows = [{**row, "second_label": row["label"]} for row in letters()]
    rows = [{**row, "second_label": "premium"} if n < 6 else row for n, row in enumerate(rows)]
    found = models(written(rows)).row(by_predicate=pl.col("class") == "all", named=True)
    assert found["n_second_labels"] == 120
    disagreed, n, claims = 2 * 6, 240, 60 + 54
    assert found["alpha"] == pytest.approx(1 - (n - 1) * disagreed / (2 * claims * (n - claims)))


def test_the_mood_of_comments_is_learned_from_the_respondents_own_score():
    comments, answers = [], []
    for n in range(120):
        is_bad = n % 3 == 0
        words = f"{'far too slow' if is_bad else 'friendly and quick'} {'abcdefghij'[n % 10]}{n}"
        row = {"text": words, "source": "survey", "survey": "S", "wave": "1", "response_id": f"R{n}"}
        comments.append({**row, "written_on": date(2025, 1 + n // 12, 3)})
        # Who is not asked whether to recommend has said how satisfied.
        score = (
            {"nps_score": 6.0 if is_bad else 7.0}
            if n % 2
            else {"satisfaction_score": 49.0 if is_bad else 50.0}
        )
        answers.append({"response_id": f"R{n}", **score})
    found = models(written(comments), responses(answers))
    assert dict(found.select("class", "n_texts").iter_rows()) == {
        "all": 120,
        "negative": 40,
        "not_negative": 80,
    }
    assert found["status"].unique().to_list() == ["published"]
    assert found["model"].unique().to_list() == ["sentiment"]


def test_the_order_of_rows_changes_nothing():
    rows = letters(20)
    frame = written(rows)
    shuffled = frame.collect().sample(fraction=1, shuffle=True, seed=3).lazy()
    assert models(frame).sort("class").equals(models(shuffled).sort("class"))
