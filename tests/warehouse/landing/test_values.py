"""Values as they are written: names that look the same are the same, codes are known, numbers and days are exact."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.landing.values import Clock, folded, name, typed

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

UNSEEN = "\u00a0\u3000\u2007\u202f\u200b\ufeff \t\r\n"
MAPPING = """
complaints:
  - files: "c.csv"
    max_reject_share: 1
    columns: {complaint_id: ID, received_on: DAY, org_unit: UNIT, comment: SAID}
"""
RECODED = """
complaints:
  - files: "c.csv"
    max_reject_share: 1
    columns: {{complaint_id: ID, received_on: {{constant: 2025-01-05}}, {target}: {{column: V, codes: {codes}{more}}}}}
"""


def days(more: str, *written: str) -> str:
    return f"""
complaints:
  - files: "c.csv"
    max_reject_share: 1
    {more}
    columns: {{complaint_id: {{row_number: true}}, received_on: {{column: DAY{"".join(f", {w}" for w in written)}}}}}
"""


@settings(max_examples=60)
@given(
    said=st.text(st.sampled_from("aZ9é北（ö\u0308-Ａ. "), min_size=1),
    before=st.text(st.sampled_from(UNSEEN), max_size=3),
    after=st.text(st.sampled_from(UNSEEN), max_size=3),
)
def test_what_looks_the_same_is_the_same_name(said: str, before: str, after: str) -> None:
    variants = [said, before + said + after, *(unicodedata.normalize(form, said) for form in ("NFC", "NFD"))]
    with duckdb.connect() as con:
        found = {
            con.execute(f"SELECT {name('v', 'VARCHAR')} FROM (SELECT ? AS v)", [v]).fetchall()[0][0]
            for v in variants
        }
    assert found == {folded(said) or None}


def test_keys_and_segments_are_folded_and_texts_for_people_are_not(zone: Zone) -> None:
    zone.write("c.csv", "ID,DAY,UNIT,SAID\nＫ１\u00a0,2025-01-05,\u200bNo\u0308rd\u3000,Ｎｏ！\n")
    zone.land(MAPPING)
    assert zone.rows("SELECT complaint_id, org_unit, comment FROM raw.complaints") == [
        ("K1", "Nörd", "Ｎｏ！")
    ]


@pytest.mark.parametrize(
    ("target", "codes", "more", "landed", "skipped"),
    [
        # On a text, a code that is not named is unknown.
        ("channel", "{a: agent, b: null, c: skip}", "", {"1": "agent", "2": None, "5": None}, 1),
        ("channel", "{a: agent}", ", other: keep", {"1": "agent", "2": "b", "3": "c", "4": "3", "5": None}, 0),
        ("channel", '{a: agent, "*": null}', "", {"1": "agent", "2": None, "3": None, "4": None, "5": None}, 0),
        ("channel", '{a: agent, b: null, "*": skip}', "", {"1": "agent", "2": None, "5": None}, 2),
        ("channel", '{a: skip, "*": web}', "", {"2": "web", "3": "web", "4": "web", "5": None}, 1),
        # The codes of the contract need no translation, unless * stands for all others.
        ("outcome", "{a: upheld, b: null, 3: skip}", "", {"1": "upheld", "2": None, "5": None}, 1),
        ("outcome", '{a: upheld, c: skip, "*": withdrawn}', "",
         {"1": "upheld", "2": "withdrawn", "4": "withdrawn", "5": None}, 1),
        # So on numbers.
        ("appraisal_days", "{a: 7, b: null}", "", {"1": 7, "2": None, "5": None}, 0),
        ("appraisal_days", "{a: 7, b: null, c: null}", ", other: keep",
         {"1": 7, "2": None, "3": None, "4": 3, "5": None}, 0),
    ],
)  # fmt: skip
def test_what_codes_make_of_a_text(
    target: str, codes: str, more: str, landed: dict[str, object], skipped: int, zone: Zone
) -> None:
    zone.write("c.csv", "ID,V\n1,a\n2,b\n3,c\n4,3\n5,\n")
    (load,) = zone.land(RECODED.format(target=target, codes=codes, more=more))
    assert dict(zone.rows(f"SELECT complaint_id, {target} FROM raw.complaints")) == landed
    assert load.rows_skipped == skipped
    assert load.rows_rejected == 5 - len(landed) - skipped
    assert {reason[:13] for (reason,) in zone.rows("SELECT reason FROM raw.rejects")} <= {"unknown code "}


@pytest.mark.parametrize(
    ("more", "written", "cell", "day"),
    [
        # The column's zone holds for a naive time, with and without a format.
        ("", ("time_zone: UTC",), "2025-05-31 20:00:00", "2025-06-01"),
        ("", ("time_zone: UTC", 'format: "%d/%m/%Y %H:%M"'), "31/05/2025 20:00", "2025-06-01"),
        ("", ("time_zone: America/New_York",), "2025-05-31 00:00:00", "2025-05-31"),
        ("", ("time_zone: Pacific/Kiritimati",), "2025-05-31 00:00:00", "2025-05-30"),
        # So does the file's, but a day that was stored with a midnight stays that day.
        ("time_zone: UTC", (), "2025-05-31 20:00:00", "2025-06-01"),
        ("time_zone: Pacific/Kiritimati", (), "2025-05-31 00:00:00", "2025-05-31"),
        # A day without a time has no zone; an offset wins over every zone.
        ("", ("time_zone: Pacific/Kiritimati",), "2025-05-31", "2025-05-31"),
        ("", ("time_zone: Pacific/Kiritimati",), "2025-5-31", "2025-05-31"),
        ("", ("time_zone: Pacific/Kiritimati", "format: '%d.%m.%Y'"), "31.05.2025", "2025-05-31"),
        ("", ("time_zone: Pacific/Kiritimati",), "2025-05-31T20:00:00Z", "2025-06-01"),
        # Every format is tried, each with or without its own offset.
        ("", ("format: ['%d.%m.%Y %H:%M %z', '%d.%m.%Y', '%Y%m%d']",), "20250531", "2025-05-31"),
        ("", ("format: ['%d.%m.%Y %H:%M %z', '%d.%m.%Y', '%Y%m%d']",), "31.05.2025", "2025-05-31"),
        ("", ("format: ['%d.%m.%Y', '%d.%m.%Y %H:%M %z']",), "31.05.2025 20:00 +0000", "2025-06-01"),
        # Two digits of a year: from 1930 as in spreadsheets, or as the mapping says.
        ("", ('format: "%d/%m/%y"',), "12/03/61", "1961-03-12"),
        ("", ('format: "%d/%m/%y"',), "12/03/29", "2029-03-12"),
        ("", ('format: "%d/%m/%y"', "two_digit_years_from: 1920"), "12/03/29", "1929-03-12"),
        ("", ('format: "%d/%m/%y"', "two_digit_years_from: 2000"), "12/03/99", "2099-03-12"),
    ],
)  # fmt: skip
def test_days(more: str, written: tuple[str, ...], cell: str, day: str, zone: Zone) -> None:
    zone.write("c.csv", f"DAY\n{cell}\n")
    zone.land(days(more, *written))
    assert zone.rows("SELECT received_on FROM raw.complaints") == [(date.fromisoformat(day),)]


@pytest.mark.parametrize(
    ("count", "amount"),
    [("0x1F", None), ("0B11", None), ("1_000", "1_0.5"), (" 0x1F", "0x10"), ("１２", "１２"), ("3.7", "1.234,50"),
     ("1,000", "(500)"), ("", "12%"), ("-0b1", "¥500"), ("1e19", "1e17")],
)  # fmt: skip
def test_what_is_no_number_is_rejected(count: str, amount: str | None, zone: Zone) -> None:
    cells = [("premium_income", amount)] if amount else []
    cells += [("policies", count)] if count else []
    for column, cell in cells:
        zone.write("x.csv", f'm,v\n2025-01-01,"{cell}"\n')
        mapping = (
            f"{{exposures: [{{files: x.csv, max_reject_share: 1, columns: {{month: m, {column}: v}}}}]}}"
        )
        zone.land(mapping)
        (reason,) = zone.rows(
            "SELECT reason FROM raw.rejects WHERE _load_id = (SELECT max(load_id) FROM raw.loads)"
        )[0]
        assert cell in reason


def test_what_is_a_number_is_exact(zone: Zone) -> None:
    zone.write(
        "x.csv",
        "m,n,v\n2025-01-01,9007199254740993.0,1234.5649999999999\n2025-02-01,0,-0.0\n2025-03-01,+5,5.8e-11\n",
    )
    zone.land("{exposures: [{files: x.csv, columns: {month: m, policies: n, premium_income: v}}]}")
    assert zone.rows("SELECT policies, premium_income FROM raw.exposures ORDER BY month") == [
        (9007199254740993, Decimal("1234.56")), (0, Decimal("0.00")), (5, Decimal("0.00")),
    ]  # fmt: skip


def test_a_wide_reject_names_the_column_of_its_cell(zone: Zone) -> None:
    zone.write("a.csv", "id,QA,QB,QC\n1,five,4,3\n2,5,no,3\n3,5,4,x\n")
    zone.land("""
survey_answers:
  - files: a.csv
    max_reject_share: 1
    columns: {response_id: id, answered_on: {constant: "2025-06-01"}}
    wide: {into: question, value: score, from: {A: QA, B: {column: QB, codes: {"4": 4}}, C: {sql: QC}}}
""")
    assert zone.rows("SELECT line, column_name, reason FROM raw.rejects ORDER BY line") == [
        (2, "QA", "not a number: 'five'"),
        (3, "QB", "unknown code 'no'"),
        (4, "C", "not a number: 'x'"),
    ]


def test_instants_to_the_nanosecond_and_binary_text(zone: Zone) -> None:
    """A folder that looks like a column is none either."""
    instant = datetime(2025, 5, 1, 20, 0, tzinfo=UTC)
    folder = zone.folder / "at=2025-06-15"
    folder.mkdir()
    pl.DataFrame(
        {"id": [b"A"], "ev": ["reported"], "at": [instant], "loss": [instant.replace(tzinfo=None)]}
    ).with_columns(
        pl.col("at").dt.cast_time_unit("ns"), pl.col("loss").dt.cast_time_unit("ns")
    ).write_parquet(folder / "e.parquet")
    zone.time_zone = "UTC"
    zone.land(
        "{claim_events: [{files: '*/e.parquet', columns: {claim_id: id, event: ev, event_at: at, loss_at: loss}}]}"
    )
    micros = int(instant.timestamp() * 1_000_000)
    assert zone.rows("SELECT claim_id, epoch_us(event_at), epoch_us(loss_at) FROM raw.claim_events") == [
        ("A", micros, micros)
    ]
    pl.DataFrame({"id": [b"\xff"], "ev": ["reported"], "at": [instant], "loss": [instant]}).write_parquet(
        folder / "f.parquet"
    )
    assert "f.parquet: cannot be read" in zone.problem(
        "{claim_events: [{files: '*/f.parquet', columns: {claim_id: id, event: ev, event_at: at}}]}"
    )


def test_reasons_hold_nothing_personal(zone: Zone) -> None:
    """A personal column shows as its description; so does any other in which a person's number or address stands."""
    zone.write(
        "p.csv",
        "ID,DAY,BORN,WHO,UNIT\n"
        "P1,2025-01-05,31.01.1980,110101199001011234,N\n"
        "P2,13800138000,1980-01-01,W2,N\n"
        "P3,20250105,1980-01-01,W3,li@example.com\n",
    )
    zone.land(
        "{policies: [{files: p.csv, max_reject_share: 1, columns: {policy_id: ID, issued_on: DAY, birth_on: BORN,"
        " customer_id: WHO, org_unit: UNIT}}]}"
    )
    not_a_day = "not a date (YYYY-MM-DD): "
    assert zone.rows("SELECT reason, raw FROM raw.rejects ORDER BY line") == [
        (not_a_day + "'99.99.9999'", '{"ID":"P1","DAY":"2025-01-05","WHO":"***","BORN":"***","UNIT":"N"}'),
        (
            not_a_day + "'11 characters, digits'",
            '{"ID":"P2","DAY":"11 characters, digits","WHO":"***","BORN":"***","UNIT":"N"}',
        ),
        (
            not_a_day + "'20250105'",
            '{"ID":"P3","DAY":"20250105","WHO":"***","BORN":"***","UNIT":"14 characters, letters and signs"}',
        ),
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2025", "2025"),
        ("2025Q1", "2025-Q1"),
        ("2025-q4", "2025-Q4"),
        ("2025 H2", "2025-H2"),
        ("2025-3", "2025-03"),
        ("2025M12", "2025-12"),
        ("202512", "2025-12"),
        ("25", None),
        ("2025-Q5", None),
        ("2025-13", None),
        ("2025-03-01", None),
    ],
)
def test_periods_are_months_quarters_half_years_and_years(written: str, read: str | None) -> None:
    with duckdb.connect() as con:
        period = typed("v", "VARCHAR", "period", Clock((), "UTC", "UTC"))
        assert con.execute(f"SELECT {period} FROM (SELECT ? AS v)", [written]).fetchall() == [(read,)]


def test_counts_are_whole_numbers_from_nothing_up(zone: Zone) -> None:
    zone.write("c.csv", "ID,N\n1,0\n2,-3\n3,4.5\n4,3000000000\n5,\n")
    zone.land("""
complaints:
  - files: c.csv
    max_reject_share: 0.5
    columns: {complaint_id: ID, received_on: {constant: 2025-01-05}, cases: N}
""")
    assert zone.rows("SELECT complaint_id, cases FROM raw.complaints ORDER BY 1") == [
        ("1", 0),
        ("4", 3_000_000_000),
        ("5", None),
    ]
    assert zone.rows("SELECT line, column_name, reason FROM raw.rejects ORDER BY line") == [
        (3, "cases", "less than 0: '-3'"),
        (4, "cases", "not a whole number: '4.5'"),
    ]
