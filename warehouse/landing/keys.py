"""Where the key of pseudonyms comes from, a file or the environment, and what a key must be; how one is made.

What is done with a key is said in pseudonyms.py.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from itertools import pairwise
from typing import TYPE_CHECKING

from warehouse.landing.pseudonyms import SHORTEST_KEY_BYTES, PseudonymKey

if TYPE_CHECKING:
    from pathlib import Path

# Of 32 random bytes about 30 differ, and about 30 of the steps between them; 16 of either come once in 10^10 keys.
_FEWEST_DISTINCT = 17
_DIGITS = re.compile(rb"[0-9A-Fa-f]+")
_PRINTED = re.compile(rb"[\x20-\x7e\t\r\n]+")
_WRITTEN_AROUND = re.compile(rb"[\x00\s:,_'\"-]|\xef\xbb\xbf|\xff\xfe|\xfe\xff|0x")
_MOSTLY = 0.9


def key_in_file(path: Path, key_id: str) -> PseudonymKey:
    """The key of a file: 64 or more hexadecimal digits, or else the file's bytes, of random.

    Raises FileNotFoundError, or ValueError where others than its owner and group may read it, and for what `key_of`
    refuses.
    """
    mode = path.stat().st_mode
    if os.name == "posix" and mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise ValueError(
            f"others than its owner and group may read it, or change it (mode {stat.S_IMODE(mode):o}); "
            f"chmod 600 {path.name}, and a new key, if others may have seen this one"
        )
    return key_of(path.read_bytes(), key_id)


def key_in_environment(name: str, key_id: str) -> PseudonymKey:
    """The key of an environment variable: 64 or more hexadecimal digits; raises ValueError."""
    if not (written := os.environ.get(name, "")):
        raise ValueError(f"the environment variable {name} is not set")
    return key_of(written.encode(), key_id)


def key_of(content: bytes, key_id: str) -> PseudonymKey:
    """The key that is written so; raises ValueError for one that is short, mistyped or not of random."""
    digits = content.strip()
    key = bytes.fromhex(digits.decode()) if _is_whole_hex(digits) else content
    if key is content and _looks_like_hex(content):
        raise ValueError(
            "it looks like hexadecimal digits, but there is something else among them, such as spaces, a byte-order "
            "mark, a letter beyond f or an odd digit; write nothing but the digits, as ASCII"
        )
    made = PseudonymKey(key_id, key)
    if reason := _guessable(key, is_text=key is content):
        raise ValueError(f"the pseudonym key {key_id} can be guessed: {reason}")
    return made


def new_key() -> str:
    """A new random key, as 64 hexadecimal digits."""
    return secrets.token_hex(SHORTEST_KEY_BYTES)


def create_key_file(path: Path) -> None:
    """Write a new random key of 32 bytes that only the owner may read; raises FileExistsError if there is one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(new_key() + "\n")


def _is_whole_hex(digits: bytes) -> bool:
    return bool(_DIGITS.fullmatch(digits)) and len(digits) % 2 == 0


def _looks_like_hex(content: bytes) -> bool:
    left = _WRITTEN_AROUND.sub(b"", content)
    return bool(left) and len(b"".join(_DIGITS.findall(left))) >= _MOSTLY * len(left)


def _guessable(key: bytes, *, is_text: bool) -> str | None:
    """Why a key is not one of random, as far as that shows; None if it may be."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    if min(len(set(key)), len(steps)) < _FEWEST_DISTINCT or key in (key + key)[1:-1]:
        return "it repeats itself or goes by a rule"
    if is_text and _PRINTED.fullmatch(key) and len(re.findall(rb"[A-Z]|[0-9]", key)) < len(key) / 12:
        return "it is made of words"
    return None
