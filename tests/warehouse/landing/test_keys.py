"""Keys of pseudonyms: where they come from, and which are refused, with a reason that does not give them away."""

import base64
import secrets
from pathlib import Path

import pytest

from warehouse.landing.keys import create_key_file, key_in_environment, key_in_file, key_of, new_key

DIGITS = "8f3b1c9a77d20e46b5f8a1c3d94e6072ab19cd583e70f264915bd8ea3c07f6d2"
KEY = bytes.fromhex(DIGITS)


def test_a_key_file_is_made_once_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    create_key_file(path)
    assert path.stat().st_mode & 0o077 == 0
    key = key_in_file(path, "k1")
    assert len(key.key) == 32
    assert key.key.hex() not in repr(key)
    with pytest.raises(FileExistsError):
        create_key_file(path)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (DIGITS.encode(), KEY),
        (b"  " + DIGITS.upper().encode() + b"\r\n", KEY),
        (KEY, KEY),
        (base64.b64encode(KEY) + b"\n", base64.b64encode(KEY) + b"\n"),
    ],
    ids=["digits", "in capitals, with an end of line", "bytes", "another text counts as its bytes"],
)
def test_a_key_may_be_written(content: bytes, key: bytes) -> None:
    assert key_of(content, "k1").key == key


def test_what_is_made_of_random_is_never_refused() -> None:
    for _ in range(500):
        assert key_of(new_key().encode(), "k").key
        assert key_of(secrets.token_bytes(40), "k").key
        assert key_of(base64.b64encode(secrets.token_bytes(32)), "k").key


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"00" * 31, "31 bytes; it needs at least 32"),
        (b"", "0 bytes"),
        (b"0" * 64, "can be guessed"),
        (b"password" * 4, "can be guessed"),
        (b"0123456789abcdef" * 4, "can be guessed"),
        (bytes(range(32)).hex().encode(), "can be guessed"),
        (bytes(range(200, 240)), "can be guessed"),
        (DIGITS[:32].encode() * 2, "can be guessed"),
        (b"the quick brown fox jumps over the lazy dog", "made of words"),
        (b"\xef\xbb\xbf" + DIGITS.encode(), "looks like hexadecimal"),
        (DIGITS.encode("utf-16"), "looks like hexadecimal"),
        (" ".join(DIGITS[i : i + 8] for i in range(0, 64, 8)).encode(), "looks like hexadecimal"),
        (f"0x{DIGITS}".encode(), "looks like hexadecimal"),
        (DIGITS.replace("d", "g", 1).encode(), "looks like hexadecimal"),
        (DIGITS.encode() + b"0", "looks like hexadecimal"),
    ],
)
def test_a_key_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        key_of(content, "k1")
    assert DIGITS[:16] not in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "is_read"), [(0o600, True), (0o440, True), (0o644, False), (0o606, False), (0o660, False)]
)
def test_only_owner_and_group_may_read_a_key_file(tmp_path: Path, mode: int, is_read: bool) -> None:
    path = tmp_path / "pseudonym.key"
    create_key_file(path)
    path.chmod(mode)
    if is_read:
        assert key_in_file(path, "k1").key
    else:
        with pytest.raises(ValueError, match=f"mode {mode:o}.*chmod 600"):
            key_in_file(path, "k1")


def test_a_key_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_KEY", DIGITS)
    assert key_in_environment("OUR_KEY", "k1").key == KEY
    monkeypatch.delenv("OUR_KEY")
    with pytest.raises(ValueError, match="OUR_KEY is not set"):
        key_in_environment("OUR_KEY", "k1")
