"""Headers, sheets and lines as other people's files have them: nothing is read from a place that nobody meant."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.landing.test_readers import cell, workbook
from warehouse.landing.raw_tables import create_raw

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

MAPPING = """
complaints:
  - files: "{files}"
    {more}
    max_reject_share: 1
    columns: {{complaint_id: id, received_on: day, category: {matter}}}
"""
ROWS = "SELECT complaint_id, received_on, category, _line FROM raw.complaints ORDER BY _line"
HEADER = [cell("B3", "id"), cell("C3", "day"), cell("D3", "matter")]
ERROR = '<c r="{}" t="e"><v>{}</v></c>'


def complaints(files: str, more: str = "", matter: str = "matter") -> str:
    return MAPPING.format(files=files, more=more, matter=matter)


@pytest.mark.parametrize(
    ("header", "wanted", "found"),
    [
        ("id,day,Matter,MATTER", "MATTER", "b"),
        ("id,day,Matter,MATTER", "Matter", "a"),
        ("id,day,Matter,other", "MATTER", "a"),
        ("id,day,matter,matter", "matter#1", "a"),
        ("id,day,matter,matter", "matter#2", "b"),
        ("id,day,Matter,MATTER", "{sql: 'lower(\"MATTER#2\")'}", "b"),
    ],
)
def test_a_column_is_found_as_it_is_written(header: str, wanted: str, found: str, zone: Zone) -> None:
    zone.write("c.csv", f"{header}\n1,2025-01-05,a,b\n")
    zone.land(complaints("c.csv", matter=wanted))
    assert zone.rows("SELECT category FROM raw.complaints") == [(found,)]


@pytest.mark.parametrize(
    ("header", "wanted", "told"),
    [
        (
            "id,day,matter,matter",
            "matter",
            "'matter' is the header of 2 columns; name one: ['matter#1', 'matter#2']",
        ),
        (
            "id,day,Matter,MATTER",
            "matter",
            "'matter' is the header of 2 columns; name one: ['Matter', 'MATTER#2']",
        ),
        ("id,day,Matter,MATTER", "{sql: lower(MATTER)}", "SQL knows the column 'MATTER' as \"MATTER#2\""),
        ("Register\nid,day,matter", "matter", "but line 2 has it: if that is the header, write `skip: 1`."),
    ],
)
def test_a_header_that_may_mean_two_columns_is_refused(
    header: str, wanted: str, told: str, zone: Zone
) -> None:
    zone.write("c.csv", f"{header}\n1,2025-01-05,a,b\n")
    assert told in zone.problem(complaints("c.csv", matter=wanted))


def test_a_delimiter_that_only_the_header_ends_in(zone: Zone) -> None:
    zone.write("c.csv", "id,day,matter,\n1,2025-01-05,a\n2,2025-01-06,b,\n")
    zone.land(complaints("c.csv"))
    assert [row[0] for row in zone.rows(ROWS)] == ["1", "2"]
    zone.write("d.csv", "id,day,matter,\n3,2025-01-05,a,x\n4,2025-01-06,b\n")
    zone.land(complaints("d.csv"))
    assert zone.rows("SELECT line, reason FROM raw.rejects") == [(3, "too few columns: 3 instead of 4")]


_SIGNS = st.text(st.sampled_from('a",\\\n '), max_size=6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(_SIGNS, min_size=1, max_size=5))
def test_backslash_escapes(texts: list[str], zone: Zone) -> None:
    """Every text comes back, and its line is right, though quotes and line breaks stand in it."""
    create_raw(zone.con)
    for table in ("complaints", "rejects", "loads", "files"):
        zone.con.execute(f"DELETE FROM raw.{table}")
    escaped = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    lines = [f'{number},2025-01-05,"{text}"\n' for number, text in enumerate(escaped)]
    zone.write("c.csv", "id,day,matter\n" + "".join(lines))
    zone.land(complaints("c.csv", 'csv: {escape: "\\\\"}').replace("category", "comment"))
    starts = [2 + "".join(lines[:number]).count("\n") for number in range(len(lines))]
    found = zone.rows("SELECT comment, _line FROM raw.complaints ORDER BY CAST(complaint_id AS INTEGER)")
    assert found == [(text.strip() or None, start) for text, start in zip(texts, starts, strict=True)]


def test_a_line_of_megabytes_lands_and_a_longer_one_says_so(zone: Zone) -> None:
    zone.write(
        "c.csv",
        f"id,day,matter\n1,2025-01-05,{'x' * 3_000_000}\n2,2025-01-06,{'y' * 17_000_000}\n3,2025-01-07,z\n",
    )
    zone.land(complaints("c.csv"))
    assert zone.rows("SELECT complaint_id, length(category), _line FROM raw.complaints ORDER BY _line") == [
        ("1", 3_000_000, 2),
        ("3", 1, 4),
    ]
    assert zone.rows("SELECT line, reason FROM raw.rejects") == [(3, "line too long: more than 16 MB")]


def test_a_key_that_appears_late_in_ndjson(zone: Zone) -> None:
    lines = [json.dumps({"id": str(number), "day": "2025-01-05"}) for number in range(10_005)]
    lines[-1] = lines[-1].replace("}", ', "matter": "late"}')
    zone.write("c.ndjson", ("\ufeff" + "\n".join(lines)).encode())
    (load,) = zone.land(complaints("c.ndjson"))
    assert load.rows_landed == 10_005
    assert zone.rows(
        "SELECT complaint_id, category, _line FROM raw.complaints WHERE category IS NOT NULL"
    ) == [("10004", "late", 10_005)]


def test_rows_of_a_sheet_are_those_of_the_sheet(zone: Zone) -> None:
    """Empty rows above and within; a cell that shows an error rejects its row, also where it would be a text."""
    rows = {
        3: HEADER,
        4: [cell("B4", "1"), cell("C4", "2025-01-05"), cell("D4", "a")],
        6: [cell("B6", "2"), ERROR.format("C6", "#N/A"), cell("D6", "a")],
        7: [cell("B7", "3"), cell("C7", "2025-01-05"), ERROR.format("D7", "#REF!")],
        9: [cell("B9", "4"), cell("C9", "soon"), cell("D9", "a")],
    }
    workbook(zone.folder / "c.xlsx", {"log": rows})
    (load,) = zone.land(complaints("c.xlsx"))
    assert zone.rows(ROWS) == [("1", date(2025, 1, 5), "a", 4)]
    assert zone.rows("SELECT line, column_name, reason FROM raw.rejects ORDER BY line") == [
        (6, "day", "an error of the sheet: '#N/A'"),
        (7, "matter", "an error of the sheet: '#REF!'"),
        (9, "received_on", "not a date (YYYY-MM-DD): 'soon'"),
    ]
    assert load.rows_skipped == 2


def test_titles_above_the_header_of_a_sheet(zone: Zone) -> None:
    row = [cell("B4", "1"), cell("C4", "2025-01-05"), cell("D4", "a")]
    workbook(zone.folder / "c.xlsx", {"log": {1: [cell("B1", "Register")], 3: HEADER, 4: row}})
    assert "but line 3 has it: if that is the header, write `skip: 2`." in zone.problem(complaints("c.xlsx"))
    zone.land(complaints("c.xlsx", "skip: 2"))
    assert zone.rows(ROWS) == [("1", date(2025, 1, 5), "a", 4)]


def test_one_of_several_sheets_has_to_be_named(zone: Zone) -> None:
    sheets = {
        month: {3: HEADER, 4: [cell("B4", month), cell("C4", "2025-01-05"), cell("D4", "a")]}
        for month in ("Jan", "Feb")
    }
    workbook(zone.folder / "c.xlsx", sheets | {"notes": {}})
    told = zone.problem(complaints("c.xlsx"))
    assert "2 sheets hold rows (Jan, Feb) and none is named; say which with `sheet:`" in told
    assert "there is no sheet 'Mar'; the sheets are Jan, Feb, notes" in zone.problem(
        complaints("c.xlsx", "sheet: Mar")
    )
    zone.land(complaints("c.xlsx", "sheet: feb"))
    assert [row[0] for row in zone.rows(ROWS)] == ["Feb"]
