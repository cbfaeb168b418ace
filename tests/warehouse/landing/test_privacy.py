"""Nobody is recognisable in the landing zone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.landing.land import land
from warehouse.landing.mapping import FeedSource
from warehouse.landing.pseudonyms import PseudonymKey, pseudonyms

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

KEY = PseudonymKey("k1", bytes(range(32)))
CUSTOMERS = """
complaints:
  - files: "*.csv"
    max_reject_share: 1
    columns: {complaint_id: ID, received_on: RECEIVED, customer_id: WHO, comment: SAID}
"""


def test_people_enter_as_pseudonyms_only(zone: Zone) -> None:
    zone.write(
        "c.csv",
        "ID,RECEIVED,WHO,SAID\n"
        "1,2025-01-05, 110101199001011234 ,call 13800138000\n"
        "2,2025-01-05,110101199001011234,\n"
        "3,2025-01-05,,ok\n"
        "4,broken,110101199001011235,mail a.b@example.com\n"
        "5,2025-01-05,110101199001011236\n",
    )
    zone.land(CUSTOMERS)
    known = pseudonyms(["110101199001011234"], domain="customer", key=KEY)[0]
    assert zone.rows("SELECT complaint_id, customer_id, comment FROM raw.complaints ORDER BY 1") == [
        ("1", known, "call [number]"),
        ("2", known, None),
        ("3", None, "ok"),
    ]
    assert zone.rows("SELECT raw FROM raw.rejects ORDER BY line") == [
        ('{"ID":"4","RECEIVED":"broken","WHO":"***","SAID":"mail [e-mail]"}',),
        ("9,9999-99-99,999999999999999999",),
    ]


def test_no_table_of_raw_holds_what_was_personal(tmp_path: Path) -> None:
    """The bytes of the database file are searched: nothing personal may have touched them."""
    (tmp_path / "p.csv").write_text(
        "".join(
            ["NO,FROM,BORN,HOLDER,NAME\n"]
            + [f"P{n},2025-01-05,{1950 + n % 50}-03-17,HOLDER-{n:06},Zhang-{n:06}\n" for n in range(2000)]
            + [
                "P1,2025-01-05,17.03.1951,HOLDER-999999,Zhang-999999\n",
                "P2,2025-01-05,HOLDER-888888,Zhang-888888\n",
            ]
        )
    )
    source = FeedSource.model_validate(
        {
            "files": "p.csv",
            "columns": {"policy_id": "NO", "issued_on": "FROM", "birth_on": "BORN", "customer_id": "HOLDER"},
        }
    )
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{tmp_path / 'raw.duckdb'}' AS raw")
        (load,) = land(con, {"policies": [source]}, folder=tmp_path, time_zone="UTC", pseudonym_key=KEY)
        born = con.execute("SELECT DISTINCT month(birth_on), day(birth_on) FROM raw.policies").fetchall()
        rejected = con.execute("SELECT reason FROM raw.rejects ORDER BY line").fetchall()
        con.execute("DETACH raw")
    assert (load.rows_landed, load.rows_rejected) == (2000, 2)
    assert born == [(1, 1)]
    assert rejected[0] == ("not a date (YYYY-MM-DD): '99.99.9999'",)
    stored = (tmp_path / "raw.duckdb").read_bytes()
    assert b"policies" in stored
    for secret in (b"HOLDER-", b"Zhang-", b"17.03.1951"):
        assert secret not in stored


def test_personal_ids_need_a_key(zone: Zone) -> None:
    zone.write("c.csv", "ID,RECEIVED,WHO,SAID\n1,2025-01-05,7,\n")
    zone.key = None
    told = zone.problem(CUSTOMERS)
    assert told.startswith("feeds.complaints[0].columns.customer_id identifies people")
    assert "pseudonyms.key_file" in told


def test_another_key_is_refused(zone: Zone) -> None:
    zone.write("c.csv", "ID,RECEIVED,WHO,SAID\n1,2025-01-05,7,\n")
    zone.land(CUSTOMERS)
    zone.write("d.csv", "ID,RECEIVED,WHO,SAID\n2,2025-01-05,7,\n")
    zone.key = PseudonymKey("k1", bytes(32))
    assert "pseudonyms.key_file: raw holds pseudonyms made with the key 'k1'" in zone.problem(CUSTOMERS)
