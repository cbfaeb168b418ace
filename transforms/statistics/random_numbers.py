"""Random numbers for resampling: generators that follow from a name, and Poisson numbers from random bits.

How cases are resampled with them is `transforms/measures/resampled_cases.py`.
"""

from functools import lru_cache
from hashlib import blake2b
from math import isqrt

import numpy as np
import numpy.typing as npt
from scipy import special


def named_generator(seed: int, *name: object) -> np.random.Generator:
    """Random numbers that follow from the seed and a name, whatever else is drawn."""
    text = " ".join(map(str, (seed, *name)))
    return np.random.default_rng(int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big"))


@lru_cache(maxsize=512)
def poisson_counts(mean: int) -> npt.NDArray[np.int32]:
    """The Poisson count at each of 65,536 equal steps of probability: what 16 random bits draw."""
    most = mean + 12 * isqrt(mean) + 20
    below = special.pdtr(np.arange(most), mean)
    counts = np.searchsorted(below, (np.arange(65536) + 0.5) / 65536)
    return counts.astype(np.int32)
