"""Texts sorted into the classes that people gave their like, and how well that is done on texts not learned from.

Character n-grams and logistic regression; which texts and classes these are is for whoever asks. scikit-learn is
imported where it is used, since only projects that read texts have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from transforms.statistics.random_numbers import named_generator

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FOLDS = 5
DRAWS = 1_000
SEED = 7
# Of n-grams that fewer texts have nothing is learned; of more than so many the most frequent are kept.
LEAST_TEXTS = 2
MOST_N_GRAMS = 20_000
# Weak shrinkage: short texts need large weights.
INVERSE_SHRINKAGE = 20.0


@dataclass(frozen=True)
class Said:
    """What a classifier says of texts, in their order: the likeliest class of each and its probability."""

    classes: npt.NDArray[np.str_]
    probability: Floats


@dataclass(frozen=True)
class MacroF1:
    """Mean over the classes of the harmonic mean of precision and recall, with its 95 % interval."""

    value: float
    low: float
    high: float


def fitted(texts: Sequence[str], classes: Sequence[str]) -> Pipeline:
    """A classifier that has learned from these texts; the same texts in the same order give the same one."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    n_grams = TfidfVectorizer(
        analyzer="char",
        ngram_range=(1, 3),
        min_df=LEAST_TEXTS if len(texts) > LEAST_TEXTS else 1,
        max_features=MOST_N_GRAMS,
        sublinear_tf=True,
    )
    # One class against all others each: quick, and on one thread, so that sums come out the same everywhere.
    regression = LogisticRegression(C=INVERSE_SHRINKAGE, solver="liblinear", tol=1e-3, random_state=SEED)
    return make_pipeline(n_grams, OneVsRestClassifier(regression)).fit(list(texts), list(classes))


def said_by(model: Pipeline, texts: Sequence[str]) -> Said:
    """What a classifier says of texts."""
    if not len(texts):
        return Said(np.array([], dtype=np.str_), np.array([]))
    probability = model.predict_proba(list(texts))
    best = probability.argmax(axis=1)
    return Said(np.asarray(model.classes_, dtype=np.str_)[best], probability[np.arange(len(best)), best])


def said_unseen(texts: Sequence[str], classes: Sequence[str], groups: Sequence[str], later: Flags) -> Said:
    """What is said of each text by a classifier that has not learned from it.

    Of the `later` texts by one that learned from all others, as it would have been at that time; of these by
    cross-validation, a fifth of the groups at a time: no text is judged by what was learned from one of its group.
    """
    text, given = (np.asarray(part, dtype=object) for part in (texts, classes))
    folds = fold_of(groups)
    said = Said(np.full(len(text), "", dtype=f"<U{max(map(len, classes), default=1)}"), np.zeros(len(text)))
    parts = [(~later & (folds == fold), ~later & (folds != fold)) for fold in range(FOLDS)]
    parts.append((later, ~later))
    for asked, taught in parts:
        if not asked.any() or len(set(given[taught])) < 2:
            continue
        found = said_by(fitted(text[taught], given[taught]), text[asked])
        said.classes[asked], said.probability[asked] = found.classes, found.probability
    return said


def fold_of(groups: Sequence[str]) -> Ints:
    """A fifth for each group, which follows from its name alone.

    >>> fold_of(["a", "b", "a"]).tolist()
    [3, 4, 3]
    """
    return np.array([place_of(group) % FOLDS for group in groups], dtype=np.int64)


def place_of(group: str) -> int:
    """A place for a group that follows from its name and has nothing to do with it."""
    return int.from_bytes(blake2b(group.encode(), digest_size=7).digest(), "big")


def macro_f1(given: Sequence[str], said: Sequence[str], groups: Sequence[str]) -> MacroF1:
    """Macro-F1 of what is said against what was given; its interval by drawing whole groups anew.

    >>> macro_f1(["a", "a", "b", "b"], ["a", "b", "b", "b"], ["1", "2", "3", "4"]).value.__round__(4)
    0.7333
    """
    classes = sorted(set(given))
    true, told = (np.array([[c == one for one in classes] for c in part]) for part in (given, said))
    _, group = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    counts = np.zeros((group.max() + 1, 3 * len(classes)))
    np.add.at(counts, group, np.hstack([true & told, true, told]))
    draws = named_generator(SEED, "groups").multinomial(
        len(counts), np.full(len(counts), 1 / len(counts)), DRAWS
    )
    low, high = np.quantile(_mean_f1(draws.astype(np.float64) @ counts), [0.025, 0.975])
    value = float(_mean_f1(counts.sum(axis=0)[None, :])[0])
    return MacroF1(value, min(float(low), value), max(float(high), value))


def _mean_f1(counts: Floats) -> Floats:
    """Mean F1 of rows of right, true and told by class; of a class that a draw is without, of the others."""
    right, true, told = np.split(counts, 3, axis=1)
    there = true + told > 0
    f1 = np.divide(2 * right, true + told, out=np.zeros_like(right), where=there)
    mean: Floats = f1.sum(axis=1) / there.sum(axis=1)
    return mean
