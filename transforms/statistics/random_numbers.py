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
    """Random numbers that follow from the seed and a name, whatever else is drawn.

    >>> named_generator(42, "cases", "B1").integers(100, size=3).tolist()
    [90, 77, 61]
    """
    text = " ".join(map(str, (seed, *name)))
    return np.random.default_rng(int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big"))


@lru_cache(maxsize=512)
def poisson_counts(mean: int) -> npt.NDArray[np.int64]:
    """The Poisson count at each of 65,536 equal steps of probability: what 16 random bits draw.

    >>> poisson_counts(1)[[0, 20_000, 40_000, 65_000]].tolist()
    [0, 0, 1, 4]
    """
    reach = 12 * isqrt(mean) + 20
    least = max(mean - reach, 0)
    below = special.pdtr(np.arange(least, mean + reach), mean)
    return least + np.searchsorted(below, (np.arange(65536) + 0.5) / 65536)
