"""Every form of mapping becomes typed rows, and every broken row a reject with its reason."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

COMPLAINTS = """
complaints:
  - files: "c.*"
    columns:
      complaint_id: ID
      received_on: RECEIVED
      category: MATTER
"""


def test_every_kind_of_value(zone: Zone) -> None:
    zone.write(
        "p.csv",
        "id;day;premium;lives;mode;term\n\tP1 ;05.01.2025;1234.5;3.0;J;120\nP2;6.1.2025;1e3;;M;\n",
    )
    zone.land("""
policies:
  - files: p.csv
    columns:
      policy_id: id
      issued_on: {column: day, format: "%d.%m.%Y"}
      modal_premium: premium
      annual_premium: {sql: "CAST(premium AS DOUBLE) * 12"}
      lives: lives
      pay_mode: {column: mode, codes: {J: annual, M: monthly}}
      term_months: term
      product_line: {constant: life}
      product_code: {column: absent, optional: true}
      grace_days: {row_number: true}
""")
    assert zone.rows("""
        SELECT policy_id, issued_on, modal_premium, annual_premium, lives, pay_mode, term_months, product_line,
            grace_days, product_code, region
        FROM raw.policies ORDER BY _line""") == [
        (
            "P1",
            date(2025, 1, 5),
            Decimal("1234.50"),
            Decimal("14814.00"),
            3,
            "annual",
            120,
            "life",
            1,
            None,
            None,
        ),
        (
            "P2",
            date(2025, 1, 6),
            Decimal("1000.00"),
            Decimal("12000.00"),
            None,
            "monthly",
            None,
            "life",
            2,
            None,
            None,
        ),
    ]


@pytest.mark.parametrize(
    ("typed", "extra", "instant"),
    [
        ("2025-07-01 08:00:00", "", datetime(2025, 7, 1, 0, tzinfo=UTC)),
        ("2025-07-01 08:00:00", "time_zone: Europe/Berlin", datetime(2025, 7, 1, 6, tzinfo=UTC)),
        (
            "2025-01-01T08:00:00.250",
            "time_zone: Europe/Berlin",
            datetime(2025, 1, 1, 7, 0, 0, 250000, tzinfo=UTC),
        ),
        ("2017-01-09T09:49:50.000+01:00", "", datetime(2017, 1, 9, 8, 49, 50, tzinfo=UTC)),
        ("2017-07-09T09:49:50.000+02:00", "", datetime(2017, 7, 9, 7, 49, 50, tzinfo=UTC)),
        ("2025-07-01 08:00:00Z", "", datetime(2025, 7, 1, 8, tzinfo=UTC)),
        ("2025-07-01 08:00:00 +0530", "", datetime(2025, 7, 1, 2, 30, tzinfo=UTC)),
        ("2025-07-01", "", datetime(2025, 6, 30, 16, tzinfo=UTC)),
        # China kept summer time from 1986 to 1991.
        ("1988-07-01 08:00:00", "", datetime(1988, 6, 30, 23, tzinfo=UTC)),
        ("01/07/2025 08:00", 'format: "%d/%m/%Y %H:%M"', datetime(2025, 7, 1, 0, tzinfo=UTC)),
        ("01/07/2025 08:00 +0200", 'format: "%d/%m/%Y %H:%M %z"', datetime(2025, 7, 1, 6, tzinfo=UTC)),
        ("2025年7月1日", 'format: ["%Y/%m/%d", "%Y年%m月%d日"]', datetime(2025, 6, 30, 16, tzinfo=UTC)),
    ],
)
def test_instants(typed: str, extra: str, instant: datetime, zone: Zone) -> None:
    zone.write("e.csv", f"c;e;t\nC1;paid;{typed}\n")
    zone.land(f"""
claim_events:
  - files: e.csv
    columns: {{claim_id: c, event: e, event_at: {{column: t{", " + extra if extra else ""}}}}}
""")
    micros = int(instant.timestamp() * 1_000_000)
    assert zone.rows("SELECT epoch_us(event_at) FROM raw.claim_events") == [(micros,)]


def test_dates_of_instants_are_those_of_the_business_zone(zone: Zone) -> None:
    zone.write("c.csv", "ID,RECEIVED,MATTER\n1,2025-01-05T23:30:00Z,\n2,2025-01-05 23:30:00,\n")
    frame = pl.DataFrame({"ID": [3], "RECEIVED": [datetime(2025, 1, 5, 23, 30, tzinfo=UTC)], "MATTER": [""]})
    frame.write_parquet(zone.folder / "c.parquet")
    zone.land(COMPLAINTS)
    days = zone.rows("SELECT complaint_id, received_on FROM raw.complaints ORDER BY 1")
    assert days == [("1", date(2025, 1, 6)), ("2", date(2025, 1, 5)), ("3", date(2025, 1, 6))]


def test_keys_are_made_where_the_source_has_none(zone: Zone) -> None:
    zone.write("e.csv", "c,e,t\nC1,paid,2025-01-05 08:00:00\n")
    zone.land("{claim_events: [{files: e.csv, columns: {claim_id: c, event: e, event_at: t}}]}")
    assert zone.rows("SELECT event_id FROM raw.claim_events") == [("C1||paid|2025-01-05 00:00:00",)]


def test_defaults_fill_what_is_unmapped_or_blank(zone: Zone) -> None:
    zone.write("x.csv", "m,o\n2025-01-01,\n2025-01-01,B1\n")
    zone.land("{exposures: [{files: x.csv, columns: {month: m, org_unit: o}}]}")
    assert zone.rows("SELECT org_unit, product_line FROM raw.exposures ORDER BY _line") == [
        ("all", "all"),
        ("B1", "all"),
    ]


def test_codes(zone: Zone) -> None:
    lines = ["Won,Y", " Lost ,N", "withdrawn,", "Note,Y", "?,N", "maybe,N", ",x"]
    zone.write(
        "c.csv", "ID,RECEIVED,O,R\n" + "".join(f"{n},2025-01-05,{line}\n" for n, line in enumerate(lines))
    )
    (load,) = zone.land("""
complaints:
  - files: c.csv
    max_reject_share: 0.5
    columns:
      complaint_id: ID
      received_on: RECEIVED
      outcome: {column: O, codes: {Won: upheld, Lost: not_upheld, Note: skip, "?": null}}
      via_regulator: {column: R, codes: {"Y": true, "N": false}}
""")
    assert zone.rows("SELECT complaint_id, outcome, via_regulator FROM raw.complaints ORDER BY 1") == [
        ("0", "upheld", True),
        ("1", "not_upheld", False),
        ("2", "withdrawn", None),
        ("4", None, False),
    ]
    assert zone.rows("SELECT line, column_name, reason FROM raw.rejects ORDER BY line") == [
        (7, "outcome", "unknown code 'maybe'"),
        (8, "via_regulator", "unknown code 'x'"),
    ]
    assert (load.rows_read, load.rows_landed, load.rows_rejected, load.rows_skipped) == (7, 4, 2, 1)


def test_a_star_stands_for_all_other_codes(zone: Zone) -> None:
    zone.write(
        "e.csv", "c,e,t\nC1,PAY,2025-01-05\nC1,decided,2025-01-05\nC1,mail,2025-01-05\nC1,,2025-01-05\n"
    )
    zone.land("""
claim_events:
  - files: e.csv
    max_reject_share: 1
    columns: {claim_id: c, event: {column: e, codes: {PAY: paid, "*": skip}}, event_at: t}
""")
    assert zone.rows("SELECT event, _line FROM raw.claim_events") == [("paid", 2)]
    assert zone.rows("SELECT rows_skipped FROM raw.loads") == [(2,)]
    assert zone.rows("SELECT line, reason FROM raw.rejects") == [(5, "blank")]


def test_where_leaves_rows_out_and_counts_them(zone: Zone) -> None:
    zone.write(
        "p.csv",
        'issue.date,"cause, if any",n\n2025-01-01,in-force,1\n2025-01-02,death,2\n2025-01-03,,3\n2025-01-04,death,x\n',
    )
    (load,) = zone.land("""
policy_events:
  - files: p.csv
    max_reject_share: 1
    where: "\\"cause, if any\\" <> 'in-force'"
    columns:
      policy_id: {row_number: true}
      event: {constant: death}
      effective_on: {sql: 'CAST("issue.date" AS DATE) + CAST(n AS INTEGER)'}
""")
    assert zone.rows("SELECT policy_id, effective_on, event_id FROM raw.policy_events") == [
        ("2", date(2025, 1, 4), "2|death|2025-01-04")
    ]
    assert zone.rows("SELECT line, column_name, reason FROM raw.rejects") == [
        (5, "effective_on", "the expression fails on this row")
    ]
    assert (load.rows_read, load.rows_landed, load.rows_rejected, load.rows_skipped) == (4, 1, 1, 2)


def test_a_claim_kept_as_one_row_becomes_its_events(zone: Zone) -> None:
    zone.write(
        "claims.csv",
        "NO,BRANCH,R,D,P\n"
        "C1,B1,2025-01-05 10:00:00,,09.01.2025\n"
        "C2,B2,,,\n"
        'C3,"B\n3",2025-01-06 10:00:00,2025-01-07 10:00:00,9.1.25x\n'
        "C4,B4,2025-01-08 10:00:00\n"
        "C5,B5,2025-01-08 10:00:00,,\n",
    )
    (load,) = zone.land("""
claim_events:
  - files: claims.csv
    time_zone: UTC
    max_reject_share: 0.5
    columns: {claim_id: "NO", org_unit: BRANCH}
    wide: {into: event, at: event_at, from: {reported: R, decided: D, paid: {column: P, format: "%d.%m.%Y"}}}
""")
    events = """
        SELECT claim_id, org_unit, event, epoch_us(event_at) // 3600000000, _line
        FROM raw.claim_events ORDER BY _line, event"""
    hour = datetime(2025, 1, 5, 10, tzinfo=UTC).timestamp() // 3600
    assert zone.rows(events) == [
        # A day is the same day in every zone: it begins with the business's own midnight.
        ("C1", "B1", "paid", hour + 86 - 8, 2),
        ("C1", "B1", "reported", hour, 2),
        ("C3", "B\n3", "decided", hour + 48, 4),
        ("C3", "B\n3", "reported", hour + 24, 4),
        ("C5", "B5", "reported", hour + 72, 7),
    ]
    assert zone.rows("SELECT line, column_name, reason FROM raw.rejects ORDER BY line") == [
        (4, "P", "not a timestamp in format %d.%m.%Y: '9.1.25x'"),
        (6, "D", "too few columns: 3 instead of 5"),
    ]
    assert (load.rows_read, load.rows_landed, load.rows_rejected, load.rows_skipped) == (8, 5, 2, 1)


def test_a_respondent_kept_as_one_row_becomes_answers(zone: Zone) -> None:
    zone.write("s.csv", "who,q1,q2,q3\nA,7,agree,\nB,,-,5.5\n")
    zone.land("""
survey_answers:
  - files: s.csv
    columns: {response_id: who, answered_on: {constant: 2025-03-01}, survey: {constant: servqual}}
    wide:
      into: question
      value: score
      from: {Q1: q1, Q2: {column: q2, codes: {agree: 5, "-": null}}, Q3: q3}
""")
    assert zone.rows(
        "SELECT response_id, question, score, survey, _line FROM raw.survey_answers ORDER BY 1, 2"
    ) == [
        ("A", "Q1", 7.0, "servqual", 2),
        ("A", "Q2", 5.0, "servqual", 2),
        ("B", "Q3", 5.5, "servqual", 3),
    ]


REASONS = [
    ("2,30/02/2025,,,", "received_on", "not a date in format %d/%m/%Y: '30/02/2025'"),
    (",05/01/2025,,,", "complaint_id", "blank key"),
    ("2,,,,", "received_on", "blank"),
    ("2,05/01/1825,,,", "received_on", "date out of range 1900-01-01 to 2199-12-31: '05/01/1825'"),
    ("2,05/01/2025,nobody,,", "outcome", "unknown code 'nobody'"),
    ("2,05/01/2025,,2.5,", "appraisal_days", "not a whole number: '2.5'"),
    (
        "2,05/01/2025,,,2025-01-05 junk",
        "recorded_at",
        "not a timestamp (YYYY-MM-DD HH:MM:SS, with or without offset): '2025-01-05 junk'",
    ),
    ("2,05/01/2025,it's,2.5,x", "outcome", "unknown code 'it's'"),
    ("2,05/01/2025,,", "T", "too few columns: 4 instead of 5"),
    ("2,05/01/2025,,,,,7", None, "too many columns: more than 5"),
]


@pytest.mark.parametrize(("line", "column", "reason"), REASONS)
def test_a_broken_row_is_kept_with_its_reason(line: str, column: str, reason: str, zone: Zone) -> None:
    zone.write("c.csv", f"ID,DAY,O,N,T\n1,04/01/2025,upheld,2,\n{line}\n3,06/01/2025,,,\n")
    zone.land("""
complaints:
  - files: c.csv
    max_reject_share: 0.5
    columns:
      complaint_id: ID
      received_on: {column: DAY, format: "%d/%m/%Y"}
      outcome: O
      appraisal_days: N
      recorded_at: T
""")
    (found,) = zone.rows("SELECT feed, file, line, column_name, reason, raw FROM raw.rejects")
    assert found[:5] == ("complaints", "c.csv", 3, column, reason)
    if reason.startswith("too"):
        assert found[5] == re.sub(r"\d", "9", line)
    else:
        values = [value or None for value in line.split(",")]
        assert json.loads(found[5]) == dict(zip(["ID", "DAY", "O", "N", "T"], values, strict=True))
    assert zone.rows("SELECT complaint_id, _line FROM raw.complaints ORDER BY _line") == [("1", 2), ("3", 4)]
