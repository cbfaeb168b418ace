"""Classification of texts: what is published of a model is what it is worth on sentences it has never seen."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import f1_score
from text_frames import models, written

from simulation.hazards import CATEGORIES, TEXTS
from simulation.text_grammar import letters
from transforms.statistics.agreement import krippendorff_alpha
from transforms.statistics.text_classification import fitted, macro_f1, said_by

NAMES = np.array(CATEGORIES)


def drawn(count: int, rng: np.random.Generator, *, held_out: bool, month: int) -> list[dict[str, object]]:
    """Messages as the simulated insurer gets them, sorted by people who err at times."""
    matters = rng.choice(len(NAMES), count, p=TEXTS.category_shares)
    chinese = rng.random(count) < TEXTS.chinese_share
    said, _ = letters(matters, chinese, np.full(count, held_out), rng)
    wrong = rng.random(count) < TEXTS.label_error_share
    labels = NAMES[np.where(wrong, rng.integers(0, len(NAMES), count), matters)]
    return [
        {"text": text, "label": label, "written_on": date(2025, month, 1)}
        for text, label in zip(said, labels.tolist(), strict=True)
    ]


def interval_holds_the_true_score(seed: int) -> bool:
    """Whether the macro-F1 published of later months, all of sentences held out, is that of any number of them."""
    rng = np.random.default_rng(seed)
    earlier, later = drawn(600, rng, held_out=False, month=3), drawn(250, rng, held_out=True, month=9)
    many = drawn(6_000, rng, held_out=True, month=9)
    found = models(written([*earlier, *later])).row(by_predicate=pl.col("class") == "all", named=True)
    assert (found["n_texts"], found["n_later"]) == (850, 250)
    known, fresh = (written(rows).collect() for rows in (earlier, many))
    model = fitted(known["plain"].to_list(), known["label"].to_list())
    true = f1_score(fresh["label"], said_by(model, fresh["plain"].to_list()).classes, average="macro")
    return found["later_macro_f1_low"] <= true <= found["later_macro_f1_high"]


def test_the_published_interval_holds_the_true_score_on_sentences_held_out():
    """Of eight seeds; the campaign asks fifty. Fewer than six happen once in 175 if nine in ten hold."""
    assert sum(map(interval_holds_the_true_score, range(8))) >= 6


@pytest.mark.campaign
def test_the_published_interval_holds_the_true_score_in_nine_of_ten_seeds():
    assert sum(map(interval_holds_the_true_score, range(50))) >= 45


def test_macro_f1_is_that_of_scikit_learn():
    rng = np.random.default_rng(2)
    given, said = (rng.choice(["a", "b", "c"], 300, p=[0.6, 0.3, 0.1]).tolist() for _ in range(2))
    found = macro_f1(given, said, [str(n) for n in range(300)])
    assert found.value == pytest.approx(f1_score(given, said, average="macro"))
    assert found.low < found.value < found.high


def test_texts_that_are_as_good_as_equal_are_drawn_together():
    """Ten groups of thirty equal texts tell no more than ten texts: the interval is that wide."""
    given = ["a", "b"] * 5
    said = ["a", "b", "a", "b", "a", "b", "a", "b", "b", "a"]
    apart = macro_f1(given * 30, said * 30, [str(n) for n in range(300)])
    together = macro_f1(given * 30, said * 30, [str(n % 10) for n in range(300)])
    assert together.value == apart.value
    assert together.high - together.low > 3 * (apart.high - apart.low)


@pytest.mark.parametrize(
    ("first", "second", "alpha"),
    [
        # Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", examples A (two values) and B (five).
        ("0100000010", "1110010000", 0.095),
        ("aabbdcccedda", "babbbcccedddd"[:12], 0.692),
        ("abab", "abab", 1.0),
        ("aaaa", "aaaa", None),
    ],
)
def test_krippendorffs_alpha(first, second, alpha):
    found = krippendorff_alpha(zip(first, second, strict=True))
    assert found == (None if alpha is None else pytest.approx(alpha, abs=5e-4))


def test_two_people_who_err_agree_as_the_simulator_says():
    """The alpha that errors at random imply, in the long run."""
    from simulation.texts import alpha_of_errors

    rng = np.random.default_rng(3)
    true = rng.choice(len(NAMES), 40_000, p=TEXTS.category_shares)

    def seen() -> np.ndarray:
        wrong = rng.random(len(true)) < TEXTS.label_error_share
        return NAMES[np.where(wrong, rng.integers(0, len(NAMES), len(true)), true)]

    assert krippendorff_alpha(zip(seen(), seen(), strict=True)) == pytest.approx(alpha_of_errors(), abs=0.006)
