"""Pseudonyms: the worked values, the definition restated with the standard library."""

import base64
import hashlib
import hmac
import unicodedata

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.landing.discretion import shape_sql
from warehouse.landing.pseudonyms import (
    PseudonymKey,
    domain_of,
    pseudonyms,
)

KEY = PseudonymKey("k1", bytes(range(32)))


@pytest.mark.parametrize(
    ("domain", "identifier", "pseudonym"),
    [
        ("customer", "110101199001011234", "kduiockgcyloc23zvg7exbgbnm"),
        ("customer", " １１０１０１１９９００１０１１２３４ ", "kduiockgcyloc23zvg7exbgbnm"),
        ("policy", "110101199001011234", "apcmm3ib5zposkiongerkg4pk4"),
        ("customer", "11010119900101123x", "j5aeiaryzqge5bng3aqztva35u"),
    ],
)
def test_worked_values(domain: str, identifier: str, pseudonym: str) -> None:
    """Fixed for good: a change of any would part every customer from what raw holds of them."""
    assert pseudonyms([identifier], domain=domain, key=KEY) == [pseudonym]


def test_one_person_has_one_pseudonym_however_the_number_is_typed() -> None:
    typed = ["11010119900101123X", "11010119900101123x", " １１０１０１１９９００１０１１２３ｘ　"]
    assert pseudonyms(typed, domain="customer", key=KEY) == ["j5aeiaryzqge5bng3aqztva35u"] * 3


@given(
    ids=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=20),
    secret=st.binary(min_size=32, max_size=100),
)
def test_it_is_the_hmac_of_the_standard_library(ids: list[str], secret: bytes) -> None:
    def restated(identifier: str) -> str:
        spelled = unicodedata.normalize("NFKC", identifier.upper().strip())
        digest = hmac.digest(secret, b"agent\x1f" + spelled.encode(), hashlib.sha256)
        return base64.b32encode(digest[:16]).decode().rstrip("=").lower()

    made = pseudonyms(ids, domain="agent", key=PseudonymKey("k", secret))
    assert made == [restated(identifier) for identifier in ids]


def test_many_ids_stay_in_order() -> None:
    ids = [f"C{number}" for number in range(70_000)]
    made = pseudonyms(ids, domain="customer", key=KEY)
    assert len(set(made)) == len(ids)
    for place in (0, 65_535, 65_536, 69_999):
        assert made[place] == pseudonyms([ids[place]], domain="customer", key=KEY)[0]


def test_domains_and_keys_keep_people_apart() -> None:
    other = PseudonymKey("k2", bytes(range(1, 33)))
    made = {
        *pseudonyms(["7"], domain=domain_of("customer_id"), key=KEY),
        *pseudonyms(["7"], domain=domain_of("agent_id"), key=KEY),
        *pseudonyms(["7"], domain=domain_of("customer_id"), key=other),
    }
    assert len(made) == 3
    assert KEY.check_value() != other.check_value()


def test_a_shape_keeps_nothing_but_the_punctuation() -> None:
    with duckdb.connect() as con:
        shape = con.execute(f"SELECT {shape_sql('t')} FROM (SELECT '王 Li,31.01.1980' AS t)").fetchall()
    assert shape == [("x xx,99.99.9999",)]
