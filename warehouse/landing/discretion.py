"""What may be shown of rows that are rejected, or that a database stumbles over: no value of a person's.

Which value is at fault, and why, is found in conform.py; how texts of people are masked is in masking.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from warehouse.landing.masking import masked, masked_text_sql
from warehouse.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

PERSONAL, PUBLIC = "chr(2)", "chr(1)"
"""Marks that stand before and behind a value in a reason: of a personal column, or of another."""
# An e-mail address, a number as long as a mobile phone's or an identity card's, and shorter ones in the groups in
# which people write phone and identity numbers.
_MAIL = r"[\w.+%-]+@[\w-]+([.][\w-]+)+"
_OF_A_PERSON = (
    _MAIL + r"|[0-9０-９]{11,}|\b\d{3}-\d{2}-\d{4}\b|\(?\b\d{3}\)?[-. ]\d{3}[-. ]\d{4}\b"
    r"|\b\d{6}-\d{7}\b|\b\d{4}[ -]\d{4}[ -]\d{4}\b"
)
_TIME_IN_DIGITS = r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{4}(\d{2}(\d{3}|\d{6})?)?"

_LETTERS = r"\p{L}"
# Shapes that days have as well, or nearly everything, tell nobody apart.
_TELLS_NOTHING = r"[9/.: -]{0,10}|.{0,4}"
_ANY_IDENTIFIER = "x{1,9}-?9[x9-]{3,30}"
# Quotation marks, and not the apostrophe of a word or a name; or what DuckDB does not put into any.
_QUOTED = re.compile(
    r"""(?<!\w)(?P<mark>['"`])(?P<quoted>.*?)(?P=mark)(?!\w)|(?<=with value )(?P<bare>.+?)(?= can't )"""
)
_SHAPES = 20
_TYPES = (
    "INT8 INT16 INT32 INT64 INT128 UINT8 UINT16 UINT32 UINT64 FLOAT DOUBLE DECIMAL BOOL DATE TIME TIMESTAMP"
)


def discreet_message(said: str, *written: str) -> str:
    """What a database or a parser says, with its quotations described unless they stand in what people have written.

    What it quotes from a query or a setting helps; all else is a value, which may tell of a person.

    >>> discreet_message('column "id" is no number: "Li Wei"', "SELECT id FROM log")
    'column "id" is no number: (6 characters)'
    """

    def shown(found: re.Match[str]) -> str:
        quoted = found["quoted"] if found["bare"] is None else found["bare"]
        word = re.compile(rf"(?<!\w){re.escape(quoted)}(?!\w)", re.IGNORECASE)
        described = f"({len(quoted)} character{'s' * (len(quoted) != 1)})"
        return found[0] if any(map(word.search, (*written, _TYPES))) else described

    return masked(_QUOTED.sub(shown, said))


def shape_of_people(con: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[str]) -> str | None:
    """A pattern of the usual shapes of identifiers in the personal columns of a relation: KD000123Q is xx999999x.

    By it a customer's number is known that a shifted row has in another column. Where these columns are empty, any
    number with letters may be one; None where nobody is named.
    """
    shapes: list[str] = []
    for column in columns:
        # Where no row is good, they may all be shifted.
        found = con.execute(f"""
            SELECT shape FROM (SELECT {shape_sql(identifier(column))} AS shape, _fault IS NULL AS is_good FROM {rows})
            WHERE shape IS NOT NULL AND NOT regexp_full_match(shape, {literal(_TELLS_NOTHING)})
            GROUP BY shape ORDER BY bool_or(is_good) DESC, count(*) DESC, shape LIMIT {_SHAPES}""").fetchall()
        shapes += [shape for (shape,) in found]
    if shapes:
        return "|".join(map(re.escape, shapes))
    return _ANY_IDENTIFIER if columns else None


def discreet_sql(text: str, alike: str | None) -> str:
    """SQL of a text as written, or of its description, where it may be a person's: by its form, or by its shape."""
    is_a_time = f"regexp_full_match({text}, {literal(_TIME_IN_DIGITS)})"
    found = [f"regexp_matches({text}, {literal(_OF_A_PERSON)})"]
    if alike:
        found.append(f"regexp_full_match({shape_sql(f'trim({text})')}, {literal(alike)})")
    # Digits and signs alone are judged above; masking takes what it does not know for somebody's.
    words = f"regexp_matches({text}, {literal(_LETTERS)}) AND {masked_text_sql(text)} <> {text}"
    is_a_persons = f"({' OR '.join(found)}) AND NOT {is_a_time} OR {words}"
    return f"CASE WHEN {is_a_persons} THEN {described_sql(text)} ELSE {text} END"


def reason_sql(told: str, alike: str | None) -> str:
    """SQL of a reason without its marks: what is personal described, all else as `discreet_sql` has it."""
    parts = {
        mark: [f"split_part({told}, {mark}, {place})" for place in (1, 2, -1)] for mark in (PERSONAL, PUBLIC)
    }
    personal, public = (
        f"{before} || {how} || {after}"
        for (before, _, after), how in zip(
            parts.values(),
            (described_sql(parts[PERSONAL][1]), discreet_sql(parts[PUBLIC][1], alike)),
            strict=True,
        )
    )
    return (
        f"CASE WHEN contains({told}, {PERSONAL}) THEN {personal} WHEN contains({told}, {PUBLIC}) THEN {public}"
        f" ELSE {told} END"
    )


def described_sql(text: str) -> str:
    """SQL that says of a text no more than how long it is and of what: 18 characters, digits and a letter."""
    kinds = {"digit": r"\p{N}", "letter": r"\p{L}", "space": r"\s", "sign": r"[^\p{N}\p{L}\s]"}
    counted = []
    for kind, pattern in kinds.items():
        found = f"len(regexp_extract_all({text}, {literal(pattern)}))"
        counted.append(f"CASE {found} WHEN 0 THEN NULL WHEN 1 THEN 'a {kind}' ELSE '{kind}s' END")
    named = f"list_filter([{', '.join(counted)}], lambda k: k IS NOT NULL)"
    listed = f"regexp_replace(array_to_string({named}, ', '), ', ([^,]*)$', ' and \\1')"
    return f"(length({text}) || ' characters, ' || {listed})"


def shape_sql(text: str) -> str:
    r"""SQL that keeps a text's punctuation and length and hides the rest: 31.01.1980 becomes 99.99.9999."""
    return rf"regexp_replace(regexp_replace({text}, '\p{{L}}', 'x', 'g'), '\p{{N}}', '9', 'g')"
