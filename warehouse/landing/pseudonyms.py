"""Keyed pseudonyms of people's identifiers: the one place that makes them.

Which columns are personal is said by the contracts; where the results are
stored, by the landing; where the key comes from, in keys.py.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEPARATOR = b"\x1f"
_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
_BLOCK = 64
_BYTES = 16
_LETTERS = 26
_BATCH = 65_536
SHORTEST_KEY_BYTES = 32


@dataclass(frozen=True)
class PseudonymKey:
    """A secret key and the name of its version; the key itself never shows in a repr or in the warehouse."""

    key_id: str
    key: bytes = field(repr=False)
    seen: dict[str, set[str]] | None = field(default=None, repr=False, compare=False)
    """Where it is given, the identifiers that the key is asked for are noted in it, by domain."""

    def __post_init__(self) -> None:
        if len(self.key) < SHORTEST_KEY_BYTES:
            raise ValueError(
                f"the pseudonym key {self.key_id} has {len(self.key)} bytes; it needs at least {SHORTEST_KEY_BYTES}"
            )

    def check_value(self) -> str:
        """What tells this key from another without giving it away."""
        return pseudonyms(["check"], domain="pseudonym-key", key=self)[0]


def domain_of(column: str) -> str:
    """The domain that keeps a customer and, say, an agent of the same number apart: the column without `_id`."""
    return column.removesuffix("_id")


def pseudonyms(ids: Iterable[str], *, domain: str, key: PseudonymKey) -> list[str]:
    """One pseudonym of 26 letters and digits for each identifier, in order.

    base32lower(HMAC-SHA256(key, domain ‖ 0x1F ‖ NFKC(trim(upper(id))))[0:16]), without padding (RFC 2104,
    RFC 4648). Whoever lacks the key cannot go back by trying all resident numbers; with it this is
    de-identification, not anonymisation (Personal Information Protection Law of the PRC art. 73).
    """
    if key.seen is not None:
        ids = list(ids)
        key.seen.setdefault(domain, set()).update(ids)
    inner, outer = _hmac_states(key.key, domain.encode() + _SEPARATOR)
    made: list[str] = []
    batch: list[bytes] = []
    for identifier in ids:
        message, signed = inner.copy(), outer.copy()
        message.update(_canonical(identifier))
        signed.update(message.digest())
        batch.append(signed.digest())
        if len(batch) == _BATCH:
            made += _base32(batch)
            batch.clear()
    return made + _base32(batch)


def _hmac_states(key: bytes, prefix: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    # The two hashes of RFC 2104 with the key already in them: a third of the cost of hmac.digest an identifier.
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    inner.update(prefix)
    return inner, hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


def _canonical(identifier: str) -> bytes:
    spelled = identifier.upper().strip()
    return (spelled if spelled.isascii() else unicodedata.normalize("NFKC", spelled)).encode()


def _base32(digests: list[bytes]) -> list[str]:
    whole = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(len(digests), 32)
    bits = np.unpackbits(whole[:, :_BYTES], axis=1)
    padded = np.pad(bits, ((0, 0), (0, 5 * _LETTERS - bits.shape[1])))
    weights = np.array([16, 8, 4, 2, 1], dtype=np.uint8)
    letters = _ALPHABET[padded.reshape(len(digests), _LETTERS, 5) @ weights]
    text = letters.tobytes().decode("ascii")
    return [text[start : start + _LETTERS] for start in range(0, len(text), _LETTERS)]
