"""Masking of free text, measured on texts made up by hand, and that of the landing.

The texts and what they are about stand in masking_set.txt; what the docs say of recall and precision is this.
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse.landing.conftest import Zone
from warehouse.landing.masking import masked, masked_text_sql, masking

SET = Path(__file__).with_name("masking_set.txt")
MASKS = re.compile(r"\[(?:number|e-mail|date|name|address)\]")
HARMLESS = "harmless"
# Of what tells of a person, so much must be found; names and addresses are found where a label or a form gives them
# away, and not where they stand alone.
LEAST_RECALL = {
    "id": 0.98,
    "phone": 0.98,
    "card": 0.98,
    "e-mail": 0.98,
    "wechat": 0.95,
    "plate": 0.95,
    "policy": 0.95,
    "birth": 0.95,
    "name": 0.95,
    "address": 0.95,
    "name without a label": 0.0,
    "place without a form": 0.0,
}


def texts() -> Iterator[tuple[str, str, list[str]]]:
    """Kind, text, and what of it must not stay readable."""
    kind = ""
    for line in SET.read_text(encoding="utf-8").splitlines():
        if heading := re.fullmatch(r"\[(.+)\]", line):
            kind = heading[1]
        elif line and not line.startswith("#"):
            written = line.replace(r"\n", "\n")
            yield kind, re.sub("[«»]", "", written), re.findall("«(.*?)»", written, re.DOTALL)


def squeezed(text: str) -> str:
    """Letters and digits alone, in one width and case."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).lower()


def hides(text: str, secret: str) -> bool:
    """Whether nothing of a secret is left: no three of its characters in a row, of words four, or all it has."""
    plain = squeezed(secret)
    is_number = sum(character.isdigit() for character in plain) * 2 > len(plain)
    length = min(3 if is_number else 4, len(plain))
    pieces = {plain[start : start + length] for start in range(len(plain) - length + 1)}
    left = [squeezed(part) for part in MASKS.split(masked(text))]
    return not any(piece in part for piece in pieces for part in left)


def test_recall_and_precision_are_as_the_docs_say() -> None:
    rows = [
        (kind, text, masked(text) == text if kind == HARMLESS else all(hides(text, one) for one in secrets))
        for kind, text, secrets in texts()
    ]
    found = pl.DataFrame(rows, schema=["kind", "text", "is_right"], orient="row")
    assert found.height >= 300
    shares = found.group_by("kind").agg(pl.col("is_right").mean(), pl.len())
    right = dict(shares.select("kind", "is_right").iter_rows())
    missed = found.filter(~pl.col("is_right"))["text"].to_list()
    assert {kind: right[kind] >= least for kind, least in LEAST_RECALL.items()} == dict.fromkeys(
        LEAST_RECALL, True
    ), missed
    personal, harmless = (found.filter(pl.col("kind").is_in([HARMLESS]) == is_it) for is_it in (False, True))
    hidden, wrongly = personal["is_right"].sum(), (~harmless["is_right"]).sum()
    assert hidden / (hidden + wrongly) >= 0.95, missed
    assert harmless["is_right"].mean() >= 0.95, missed


def test_what_stands_around_stays() -> None:
    """A mask takes the place of what it hides, not of the sentence around it."""
    kept = [
        all(part.strip() in masked(text) for part in re.split("«.*?»", written, flags=re.DOTALL))
        for written, text in _written_and_text()
    ]
    assert sum(kept) / len(kept) >= 0.95


def _written_and_text() -> Iterator[tuple[str, str]]:
    for line in SET.read_text(encoding="utf-8").splitlines():
        if "«" in line and not line.startswith("#"):
            written = line.replace(r"\n", "\n")
            yield written, re.sub("[«»]", "", written)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("call 13800138000 now", "call [number] now"),
        ("身份证１１０１０１１９９００１０１１２３X。", "身份证[number]。"),
        ("write to li.wei+1@mail.example.com!", "write to [e-mail]!"),
        ("claim 123456 took 30 days", "claim 123456 took 30 days"),
        ("打138-0013-8000或 138 0013 8000。", "打[number]或 [number]。"),
        ("+86 138.0013.8000, (010) 6234-5678", "[number], [number]"),
        ("卡号6222 0212 3456 7890 123，谢谢", "卡号[number]，谢谢"),
        ("身份证110101 19900101 123X和１１０１０１－１９９００１０１－１２３Ｘ", "身份证[number]和[number]"),
        ("SSN 123-45-6789, office 6234-5678", "SSN [number], office [number]"),
        ("2025-03-04 10:00 到 2025/3/8，付了 12,345.60 元，第 2024-2025 年度", None),
        ("2025-03-04 2025-03-08和2012-12-12-3456-789", "2025-03-04 2025-03-08和[number]"),
        ("on 2025-03-04 110101199001011234 called", "on 2025-03-04 [number] called"),
    ],
)
def test_masked_text(said: str, kept: str | None) -> None:
    """What is not said to change stays as written."""
    assert masked(said) == (kept or said)


NUMBERS = st.from_regex(r"[0-9]{11,19}", fullmatch=True)
GAPS = st.sampled_from([" ", "-", ".", "·", "/", "　", ") "])


@given(number=NUMBERS, gap=GAPS, grouped=st.lists(st.booleans(), min_size=19, max_size=19))
def test_however_a_long_number_is_grouped_no_digit_of_it_is_kept(
    number: str, gap: str, grouped: list[bool]
) -> None:
    written = "".join(digit + (gap if apart else "") for digit, apart in zip(number, grouped, strict=False))
    left = masked(f"请打 {written}，谢谢")
    assert not any(character.isdigit() for character in left), left


def test_sql_masks_the_same_and_leaves_nothing_behind() -> None:
    with duckdb.connect() as con:
        with masking(con):
            rows = con.sql(
                f"SELECT {masked_text_sql('t')} FROM (VALUES ('tel 13800138000'), (NULL), ('')) v(t)"
            )
            assert rows.fetchall() == [("tel [number]",), (None,), ("",)]
        with pytest.raises(duckdb.CatalogException):
            con.sql(f"SELECT {masked_text_sql('NULL')}")


@pytest.mark.parametrize(
    ("comments", "kept"),
    [("masked", "我叫[name]，tel [number]"), ("keep", "我叫王伟，tel 13800138000"), ("drop", None)],
)
def test_what_is_kept_of_comments(comments: str, kept: str | None, zone: Zone) -> None:
    zone.write("c.csv", "ID,RECEIVED,SAID\n1,2025-01-05,我叫王伟，tel 13800138000\n2,x,我叫王伟\n")
    zone.land(
        f"complaints: [{{files: '*.csv', comments: {comments}, max_reject_share: 1,"
        " columns: {complaint_id: ID, received_on: RECEIVED, comment: SAID}}]"
    )
    assert zone.rows("SELECT comment FROM raw.complaints") == [(kept,)]
    assert "王伟" not in zone.rows("SELECT raw FROM raw.rejects")[0][0]


def test_a_text_that_has_to_be_there_is_empty_if_texts_are_dropped(zone: Zone) -> None:
    zone.write("t.csv", "ID,DAY,SAID\n1,2025-01-05,secret\n")
    zone.land(
        "texts: [{files: '*.csv', comments: drop, columns: {text_id: ID, written_on: DAY, text: SAID,"
        " source: {constant: chat}}}]"
    )
    assert zone.rows("SELECT text FROM raw.texts") == [("",)]
