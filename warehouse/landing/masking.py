"""Free text without what tells of a person: numbers, addresses, dates of birth and names become [number] and the like.

What is looked for is in personal_numbers.py and personal_words.py; here is in which order, and what comes in its place.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pyarrow as pa
from duckdb.func import PythonUDFType

from warehouse.landing.personal_numbers import (
    HARMLESS,
    IN_LETTERS,
    LABELLED,
    LEFT_OVER,
    MATTERS,
    RESIDENTS,
    STRUCTURED,
    D,
)
from warehouse.landing.personal_words import ADDRESSES, BIRTHS, MAILS, NAMES, ROLES, TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from warehouse.landing.personal_numbers import Rule

FUNCTION = "masked_text"
# Where a text may hold such, as one pattern: most texts hold nothing, and every rule for itself costs ten times this.
_MAY_HAVE_MAIL = re.compile(r"[@#]|艾特|\bat\b|[(\[{]a", re.IGNORECASE)
_MAY_HAVE_LETTERS = re.compile(
    r"微|信|v|wx|we|qq|抖|快手|支付宝|tele|skype|line id|whats|(?:zero|one|two|three|oh)[\s,-]", re.IGNORECASE
)
_MAY_HAVE_NUMBER = re.compile(rf"[0-9]|{D}{{3}}")
_MAY_HAVE_ADDRESS = re.compile(rf"[0-9]|[省市县址住寄搬]|我家|位于|[路街道巷弄同村区园寓场里苑段坊]{D}")
_MAY_HAVE_NAME = re.compile(
    rf"[:：]|姓名|{TITLES}|{ROLES}|来电|致电|投诉|反映|表示|总(?:答|承|告|批)|[小老阿]\w(?:说|告|答|承)|"
    r"\b(?:[DM]r|M[ri]?ss?|Prof|[Nn]ame|This|this|I am|I'm|[Ss]poke|[Aa]gent|[Aa]dviser|[Dd]ear|"
    r"[Rr]egards|[Ss]incerely|[Ff]aithfully|here)\b"
)
# What was found first is found for good: labels say most, then what has the form of an identity card or a phone; what
# is left of long numbers is somebody's unless it is an amount, a day, a claim or the like.
RULES: tuple[tuple[re.Pattern[str], tuple[Rule, ...]], ...] = (
    (_MAY_HAVE_MAIL, MAILS),
    (_MAY_HAVE_LETTERS, IN_LETTERS),
    (_MAY_HAVE_NUMBER, (*BIRTHS, *LABELLED)),
    (_MAY_HAVE_ADDRESS, ADDRESSES),
    (_MAY_HAVE_NUMBER, (*RESIDENTS, *MATTERS, *STRUCTURED, *HARMLESS, *LEFT_OVER)),
    (_MAY_HAVE_NAME, NAMES),
)
# Characters of the private use area, one for what is masked and one for what is known to be harmless.
_MASKED, _KNOWN = "\ue000", "\ue001"


class _OneWidth(dict[int, str]):
    """Each character in its plain form, as 3 for ３ and ③, where that is one character."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        digit = unicodedata.digit(character, None)
        plain = str(digit) if digit is not None else unicodedata.normalize("NFKC", character)
        self[code] = plain if len(plain) == 1 and plain != _MASKED else character
        return self[code]


_ONE_WIDTH = _OneWidth()


def masked(text: str) -> str:
    """The text with [number], [e-mail], [date], [name] and [address] in the place of what tells of a person.

    >>> masked("请打 138-0013-8000，claim 123456 took 30 days")
    '请打 [number]，claim 123456 took 30 days'
    """
    if text.isspace() or not text:
        return text
    view = text.translate(_ONE_WIDTH)
    found: list[tuple[int, int, str]] = []
    for may_be, rules in RULES:
        if may_be.search(view):
            for rule in rules:
                view = _without(view, rule, found)
    return _with_masks(text, found)


def _with_masks(text: str, found: list[tuple[int, int, str]]) -> str:
    parts, behind = [], 0
    for start, end, mask in sorted(found):
        parts += [text[behind:start], mask]
        behind = end
    return "".join([*parts, text[behind:]])


def _without(view: str, rule: Rule, found: list[tuple[int, int, str]]) -> str:
    """The view with what a rule finds blanked, which is added to what was found if it is to be masked."""
    for match in rule.pattern.finditer(view):
        if rule.holds(match):
            start, end = match.span(rule.group)
            view = view[:start] + (_MASKED if rule.mask else _KNOWN) * (end - start) + view[end:]
            if rule.mask:
                found.append((start, end, rule.mask))
    return view


def without_persons(name: str) -> str:
    """A file's name without phones, identity cards and e-mail addresses; where it had one, a digest tells it apart.

    Other numbers stay, since batches have them.
    """
    view = name.translate(_ONE_WIDTH)
    found: list[tuple[int, int, str]] = []
    for rule in (*MAILS, *RESIDENTS):
        view = _without(view, rule, found)
    if not found:
        return name
    path = PurePosixPath(_with_masks(name, found))
    ending = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    return f"{str(path).removesuffix(ending)}~{hashlib.sha256(name.encode()).hexdigest()[:6]}{ending}"


def masked_text_sql(text: str) -> str:
    """SQL of a text masked, for a connection within `masking`."""
    return f"{FUNCTION}({text})"


@contextmanager
def masking(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """For as long as it lasts, the connection knows the function of `masked_text_sql`."""
    con.create_function(FUNCTION, _masked_column, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
    try:
        yield
    finally:
        con.remove_function(FUNCTION)


def _masked_column(texts: pa.Array) -> pa.Array:
    return pa.array([None if text is None else masked(text) for text in texts.to_pylist()], pa.string())
