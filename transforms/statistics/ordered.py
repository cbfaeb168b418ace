"""Values of many groups in ascending order, and quantiles of every group at once.

A value and its group are sorted as one integer, which is several times faster than sorting pairs or lists.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.statistics.intervals import quantile_ranks

Array = NDArray[Any]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def ranked(values: Floats) -> tuple[Array, Floats]:
    """The rank of each value among the distinct ones, from 0, and the distinct ones, ascending; none is NaN.

    >>> import numpy as np
    >>> ranked(np.array([7.0, 2.0, 7.0]))
    (array([1, 0, 1], dtype=uint32), array([2., 7.]))
    """
    order = np.argsort(values)
    ascending = values[order]
    is_new = np.ones(len(values), bool)
    np.not_equal(ascending[1:], ascending[:-1], out=is_new[1:])
    ranks = np.empty(len(values), np.uint32)
    ranks[order] = np.cumsum(is_new, dtype=np.uint32) - np.uint32(1)
    return ranks, ascending[is_new]


def grouped_keys(groups: Array, codes: Array, count: int, bits: int) -> Array:
    """Group (0 … count − 1) and code (of `bits` bits) of each value in one integer."""
    dtype: Any = np.uint32 if count << bits < 1 << 32 else np.uint64
    keys: Array = groups.astype(dtype)
    keys <<= dtype(bits)
    keys |= codes.astype(dtype, copy=False)
    return keys


def begins_of(keys: Array, groups: Array, bits: int, code: int = 0) -> Array:
    """Where a code and all greater ones of each of some groups begin in ascending keys of group and code."""
    dtype = keys.dtype.type
    begins: Array = np.searchsorted(keys, (groups.astype(dtype) << dtype(bits)) + dtype(code))
    return begins


def counted(keys: Array, height: int, counts: Array | None = None) -> tuple[Array, Array]:
    """The keys that occur among 0 … height − 1, ascending, and how often: each row once, or `counts` times.

    Exact up to 2^53 of a key. Changes the order of `keys`.

    >>> import numpy as np
    >>> counted(np.array([3, 1, 3], np.uint32), 4)
    (array([1, 3], dtype=uint32), array([1, 2]))
    """
    if _ascend(keys):
        return keys, np.broadcast_to(np.int64(1), len(keys)) if counts is None else counts
    if height <= 2 * len(keys):
        # Counting needs no order.
        every = np.bincount(keys, counts, height)
        found = np.flatnonzero(every)
        return found.astype(keys.dtype), every[found].astype(np.int64)
    keys, counts = in_order(keys, counts)
    is_new = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=is_new[1:])
    if is_new.all():
        return keys, np.broadcast_to(np.int64(1), len(keys)) if counts is None else counts
    first = np.flatnonzero(is_new)
    if counts is not None:
        return keys[first], np.add.reduceat(counts, first, dtype=np.int64)
    many = np.empty(len(first), np.int64)
    np.subtract(first[1:], first[:-1], out=many[:-1])
    many[-1] = len(keys) - first[-1]
    return keys[first], many


def in_order(keys: Array, counts: Array | None) -> tuple[Array, Array | None]:
    """The keys in order with their counts, or, where that is quicker, each as often as it counts and no counts."""
    if _ascend(keys):
        return keys, counts
    if counts is None or (total := counts.sum()) <= 2 * len(keys):
        # Sorting keys alone is several times faster.
        if counts is not None and total > len(keys):
            keys = np.repeat(keys, counts)
        keys.sort()
        return keys, None
    order = np.argsort(keys)
    return keys[order], counts[order]


def _ascend(keys: Array) -> bool:
    some = keys[:1000]
    return bool((some[1:] > some[:-1]).all() and (keys[1:] > keys[:-1]).all())


@dataclass(frozen=True)
class Ordered:
    """Values of groups, ascending within each: `distinct` ones at the lower `bits` bits of `keys`.

    A key is one value, or `through` says how many values there are up to each; `begins` and `ends` say how many there
    are before and up to the end of each group.
    """

    keys: Array
    bits: int
    through: Array | None
    begins: Array
    ends: Array
    distinct: Floats

    @classmethod
    def of(
        cls, groups: Array, count: int, ranks: Array, distinct: Floats, counts: Array | None = None
    ) -> "Ordered":
        """The values, given as `ranked`, of groups 0 … count − 1; each occurs once, or as often as `counts` says."""
        bits = max(len(distinct) - 1, 1).bit_length()
        keys = grouped_keys(groups, ranks, count, bits)
        if count << bits <= 2 * len(keys):
            keys, counts = counted(keys, count << bits, counts)
        else:
            keys, counts = in_order(keys, counts)
        edges, through = begins_of(keys, np.arange(count + 1), bits), None
        if counts is not None:
            through = np.cumsum(counts, dtype=np.int64)
            edges = np.append(0, through)[edges]
        return cls(keys, bits, through, edges[:-1], edges[1:], distinct)

    @property
    def n(self) -> Array:
        """How many values each group has."""
        sizes: Array = self.ends - self.begins
        return sizes

    def at(self, rank: Floats) -> Floats:
        """The value of that rank, from 1, in each group; NaN where there is none."""
        known = (rank >= 1) & (rank <= self.n)
        found = np.full(len(known), np.nan)
        number = self.begins[known] + rank[known].astype(np.int64)
        place = number - 1 if self.through is None else np.searchsorted(self.through, number)
        found[known] = self.distinct[self.keys[place] & self.keys.dtype.type((1 << self.bits) - 1)]
        return found

    def quantile(self, q: float) -> tuple[Floats, Floats, Floats]:
        """Each group's q-quantile (Hyndman–Fan type 7) with the binomial limits of its order statistics, or NaN."""
        n = self.n
        position = (n - 1) * q
        below = np.floor(position)
        at = self.at(below + 1)
        above = np.where(below + 2 <= n, self.at(below + 2), at)
        low, high = quantile_ranks(n, q)
        return at + (position - below) * (above - at), self.at(low), self.at(high)
