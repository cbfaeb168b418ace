"""What many texts are about: topics by non-negative matrix factorisation, as many as come out alike from parts of them.

A topic is a list of words for a person to name; it describes and is no measurement. scikit-learn is imported where it
is used, since only projects that read texts have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from transforms.statistics.random_numbers import named_generator

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LEAST_TEXTS = 200
NUMBERS = (4, 7, 10)
TOP_WORDS = 10
SUBSAMPLES = 20
SUBSAMPLE_SHARE = 0.8
# Of more texts the stability is that of so many, evenly drawn.
MOST_TEXTS = 2_000
STABLE_FROM = 0.6
SEED = 7
# Words of fewer texts, or of more than this share of them, tell no topics apart.
LEAST_TEXTS_OF_WORD = 5
MOST_TEXTS_OF_WORD = 0.5
# So many rounds, whether or not they settle: what does not is found out by its stability.
ROUNDS = 60


@dataclass(frozen=True)
class Topics:
    """Topics, each by its top words with their weights, the weightiest first; and how stable they are, 0 to 1."""

    words: tuple[tuple[tuple[str, float], ...], ...]
    stability: float

    @property
    def is_stable(self) -> bool:
        """Whether parts of the texts give much the same topics."""
        return self.stability >= STABLE_FROM


def topics_of(texts: Sequence[Sequence[str]]) -> Topics | None:
    """The topics of texts, each given as its words, in an order of their own; None if they are too few.

    Their number is that of NUMBERS whose top words come out most alike from 20 subsamples: mean Jaccard similarity of
    topics matched to those of all texts (after Greene, O'Callaghan & Cunningham 2014).

    >>> topics_of([["premium", "collected", "twice"]]) is None
    True
    """
    if len(texts) < LEAST_TEXTS:
        return None
    from sklearn.feature_extraction.text import TfidfVectorizer
    from threadpoolctl import threadpool_limits

    vectorizer = TfidfVectorizer(
        analyzer=list, min_df=LEAST_TEXTS_OF_WORD, max_df=MOST_TEXTS_OF_WORD, sublinear_tf=True
    )
    try:
        weights = vectorizer.fit_transform(texts)
    except ValueError:  # no word is left
        return None
    names = vectorizer.get_feature_names_out()
    rng = named_generator(SEED, "topics", len(texts))
    drawn = np.sort(rng.permutation(len(texts))[:MOST_TEXTS])
    size = round(SUBSAMPLE_SHARE * len(drawn))
    parts = [np.sort(rng.choice(drawn, size, replace=False)) for _ in range(SUBSAMPLES)]
    # On one thread sums come out the same everywhere.
    with threadpool_limits(1):
        found = [
            (_stability(weights, parts, whole), whole)
            for number in NUMBERS
            if number < len(names)
            for whole in [_components(weights, number)]
        ]
    if not found:
        return None
    stability, components = max(found, key=lambda pair: pair[0])
    top = [
        tuple((str(names[place]), round(float(row[place]), 6)) for place in _top(row) if row[place] > 0)
        for row in components
    ]
    return Topics(tuple(sorted(top, key=lambda words: [word for word, _ in words])), round(stability, 6))


def _components(weights: csr_matrix, number: int) -> np.ndarray:
    from sklearn.decomposition import NMF

    model = NMF(number, init="nndsvda", solver="cd", max_iter=ROUNDS, tol=0, random_state=SEED)
    # What is left unexplained may be a rounding below nothing, of which no root can be taken; nobody asks for it.
    with np.errstate(invalid="ignore"):
        model.fit(weights)
    return np.asarray(model.components_)


def _stability(weights: csr_matrix, parts: Sequence[np.ndarray], whole: np.ndarray) -> float:
    """Mean over parts of the similarity of their topics to those of the whole, each matched to one."""
    return float(np.mean([_similarity(whole, _components(weights[part], len(whole))) for part in parts]))


def _similarity(left: np.ndarray, right: np.ndarray) -> float:
    alike = np.array([[_jaccard(a, b) for b in map(_top, right)] for a in map(_top, left)])
    return float(alike[linear_sum_assignment(-alike)].mean())


def _top(row: np.ndarray) -> list[int]:
    return [int(place) for place in np.argsort(-row, kind="stable")[:TOP_WORDS]]


def _jaccard(left: list[int], right: list[int]) -> float:
    return len({*left} & {*right}) / len({*left} | {*right})
