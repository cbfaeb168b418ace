"""Krippendorff's alpha: how far two people who sorted the same texts agree beyond chance.

Which texts were sorted twice is for whoever asks.
"""

from collections import Counter
from collections.abc import Iterable


def krippendorff_alpha(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Alpha of nominal classes given by two people to each of several texts; None where all is one class.

    1 − observed over expected disagreement, from the coincidences of values (Krippendorff 2011, "Computing
    Krippendorff's Alpha-Reliability"). Below 0.667 no conclusion should be drawn from the classes, from 0.8 they are
    reliable (Krippendorff 2004).

    >>> krippendorff_alpha([("yes", "yes"), ("no", "no"), ("yes", "no")]).__round__(4)
    0.4444
    """
    given = list(pairs)
    frequency = Counter(value for pair in given for value in pair)
    n = frequency.total()
    expected = n * n - sum(count * count for count in frequency.values())
    if not expected:
        return None
    observed = 2 * sum(first != second for first, second in given)
    return 1 - (n - 1) * observed / expected
