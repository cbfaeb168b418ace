"""Every format of file, and a database query, gives the same rows."""

from __future__ import annotations

import gzip
import sqlite3
import zipfile
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from warehouse.landing.errors import LandingError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.warehouse.landing.conftest import Zone

COMPLAINTS = """
complaints:
  - files: "{files}"
    {more}
    columns:
      complaint_id: ID
      received_on: RECEIVED
      category: MATTER
"""
ROWS = "SELECT complaint_id, received_on, category, _line FROM raw.complaints ORDER BY _line"
EXPECTED = [("1", date(2025, 1, 5), "claims", 2), ("2", date(2025, 1, 6), None, 3)]
CSV = "ID,RECEIVED,MATTER\n1,2025-01-05,claims\n2,2025-01-06,\n"


def complaints(files: str, more: str = "") -> str:
    return COMPLAINTS.format(files=files, more=more)


def written(kind: str, zone: Zone) -> str:
    """The two complaints of EXPECTED in a file of that kind; returns its name."""
    frame = pl.DataFrame(
        {"ID": [1, 2], "RECEIVED": [date(2025, 1, 5), date(2025, 1, 6)], "MATTER": ["claims", None]}
    )
    name = f"c.{kind}"
    if kind == "parquet":
        frame.write_parquet(zone.folder / name)
    elif kind == "ndjson":
        zone.write(
            name, '{"ID":1,"RECEIVED":"2025-01-05","MATTER":"claims"}\n{"RECEIVED":"2025-01-06","ID":"2"}\n'
        )
    elif kind.endswith(".gz"):
        zone.write(name, gzip.compress(CSV.replace(",", "\t" if "tsv" in kind else ",").encode()))
    else:
        zone.write(name, CSV)
    return name


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "tsv.gz", "parquet", "ndjson"])
def test_every_format_gives_the_same_rows(kind: str, zone: Zone) -> None:
    (load,) = zone.land(complaints(written(kind, zone)))
    first = {"parquet": 1, "ndjson": 1}.get(kind, 2)
    assert zone.rows(ROWS) == [(*row[:3], row[3] - 2 + first) for row in EXPECTED]
    assert (load.rows_read, load.rows_landed, load.rows_rejected, load.rows_skipped) == (2, 2, 0, 0)
    assert load.size_bytes == (zone.folder / f"c.{kind}").stat().st_size


_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(path: Path, sheets: dict[str, dict[int, list[str]]]) -> None:
    """A spreadsheet: its sheets with their rows by number; cells are XML, `<v>` a number and style 1 a date."""
    related = f'<Relationship Id="r{{}}" Type="{_OFFICE}/{{}}" Target="{{}}"/>'
    typed = (
        '<Override PartName="/xl/{}.xml" ContentType="application/vnd.openxmlformats-officedocument.{}+xml"/>'
    )
    numbered = list(enumerate(sheets, 1))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + typed.format("workbook", "spreadsheetml.sheet.main")
        + "".join(typed.format(f"sheet{number}", "spreadsheetml.worksheet") for number, _ in numbered)
        + typed.format("styles", "spreadsheetml.styles")
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + related.format(1, "officeDocument", "xl/workbook.xml")
        + "</Relationships>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(related.format(number, "worksheet", f"sheet{number}.xml") for number, _ in numbered)
        + related.format(len(sheets) + 1, "styles", "styles.xml")
        + "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>' for number, name in numbered)
        + "</sheets></workbook>",
        "xl/styles.xml": f'<styleSheet xmlns="{_SHEET}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        "</styleSheet>",
    }
    for number, name in numbered:
        lines = "".join(f'<row r="{row}">{"".join(cells)}</row>' for row, cells in sheets[name].items())
        parts[f"xl/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_SHEET}"><sheetData>{lines}</sheetData></worksheet>'
        )
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, f'<?xml version="1.0" encoding="UTF-8"?>{content}')


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def test_a_spreadsheet(zone: Zone) -> None:
    """Numbers, true dates and dates typed as text in one sheet, with an empty row between."""
    header = [cell(place, name) for place, name in (("A1", "ID"), ("B1", "RECEIVED"), ("C1", "MATTER"))]
    true_date = ['<c r="A2"><v>1001</v></c>', '<c r="B2" s="1"><v>45662</v></c>', cell("C2", " claims ")]
    typed_date = [cell("A4", "0007"), cell("B4", "06/01/2025")]
    rows = {1: header, 2: true_date, 3: ['<c r="A3"/>'], 4: typed_date}
    workbook(zone.folder / "c.xlsx", {"2025": rows})
    mapping = complaints("c.xlsx", "sheet: '2025'").replace(
        "RECEIVED", '{column: RECEIVED, format: "%d/%m/%Y"}'
    )
    (load,) = zone.land(mapping)
    assert zone.rows(ROWS) == [("1001", date(2025, 1, 5), "claims", 2), ("0007", date(2025, 1, 6), None, 4)]
    assert (load.rows_read, load.rows_landed, load.rows_skipped) == (3, 2, 1)


def test_a_database_query_lands_again_only_when_its_answer_changes(zone: Zone) -> None:
    with sqlite3.connect(zone.folder / "core.db") as database:
        database.execute("CREATE TABLE log (ID, RECEIVED, MATTER)")
        database.executemany(
            "INSERT INTO log VALUES (?, ?, ?)", [(1, "2025-01-05", "claims"), (2, "2025-01-06", "")]
        )
    query = '{connection: "sqlite:///core.db", query: "SELECT * FROM log ORDER BY ID"}'
    mapping = COMPLAINTS.replace('files: "{files}"', f"database: {query}").replace("{more}", "")
    (load,) = zone.land(mapping)
    assert zone.rows(ROWS) == [(*row[:3], row[3] - 1) for row in EXPECTED]
    assert load.file.startswith("sqlite:///core.db#")
    assert zone.land() == []
    with sqlite3.connect(zone.folder / "core.db") as database:
        database.execute("UPDATE log SET MATTER = 'sales' WHERE ID = 2")
    (again,) = zone.land()
    assert (again.rows_landed, again.rows_unchanged) == (1, 1)


@pytest.mark.parametrize(
    ("encoding", "matter"),
    [
        ("cp949", "보험금"),
        ("gb18030", "理赔纠纷"),
        ("latin-1", "Prämie"),
        ("utf-16", "理赔"),
        ("utf-8-sig", "理赔"),
    ],
)
def test_encodings(encoding: str, matter: str, zone: Zone) -> None:
    zone.write("c.csv", CSV.replace("claims", matter).replace("MATTER", f"M {matter}").encode(encoding))
    zone.land(complaints("c.csv", f"csv: {{encoding: {encoding}}}").replace("MATTER", f"M {matter}"))
    assert zone.rows(ROWS) == [(*EXPECTED[0][:2], matter, 2), EXPECTED[1]]


def test_text_files_in_other_dress(zone: Zone) -> None:
    zone.write(
        "a.csv", "exported by core\n\n ID ;RECEIVED;MATTER\r\n1;2025-01-05;claims\r\n2;2025-01-06;-\r\n"
    )
    zone.land(complaints("a.csv", 'csv: {skip: 2, nulls: "-"}'))
    assert zone.rows(ROWS) == [(*row[:3], row[3] + 2) for row in EXPECTED]


def test_mixed_line_ends_are_read(zone: Zone) -> None:
    zone.write("a.csv", CSV.replace("claims\n", "claims\r\n"))
    zone.land(complaints("a.csv"))
    assert zone.rows(ROWS) == EXPECTED


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_ndjson_without_a_record_is_a_delivery_without_a_row(content: str, zone: Zone) -> None:
    """Unlike a CSV, whose header is missing then, it may be empty: nothing happened in the month."""
    zone.write("c.ndjson", content)
    (load,) = zone.land(complaints("c.ndjson"))
    assert (load.rows_landed, load.rows_rejected) == (0, 0)
    assert zone.con.execute(ROWS).fetchall() == []


def test_broken_lines_of_ndjson(zone: Zone) -> None:
    zone.write(
        "c.ndjson",
        '{"ID":"1","RECEIVED":"2025-01-05","MATTER":{"a":1},"a/b":2}\n\n{"ID":"2","RECEIVED":\n'
        '{"ID":3,"RECEIVED":"2025-01-07","a/b":true}\n',
    )
    (load,) = zone.land(complaints("c.ndjson", "max_reject_share: 0.5").replace("MATTER", "a/b"))
    assert zone.rows(ROWS) == [("1", date(2025, 1, 5), "2", 1), ("3", date(2025, 1, 7), "true", 4)]
    assert zone.rows("SELECT line, reason, raw FROM raw.rejects") == [
        (3, "not valid JSON", '{"xx":"9","xxxxxxxx":')
    ]
    assert (load.rows_read, load.rows_skipped) == (4, 1)


def test_an_undecodable_line_is_rejected_and_the_others_land(zone: Zone) -> None:
    zone.write("c.csv", CSV.replace("claims", "理赔").encode("gbk") + b"3,2025-01-07,\xff\xff\n")
    zone.land(complaints("c.csv", "csv: {encoding: gbk}\n    max_reject_share: 0.5"))
    assert zone.rows(ROWS) == [(*EXPECTED[0][:2], "理赔", 2), EXPECTED[1]]
    assert zone.rows("SELECT line, reason FROM raw.rejects") == [(4, "not in the encoding of the file")]


def test_names_that_mean_something_else(zone: Zone) -> None:
    """A file name with pattern signs, a folder above, a column name that comes twice and one in other case."""
    zone.write("c[1].csv", "ID,received,MATTER,MATTER\n1,2025-01-05,sales,claims\n")
    zone.folder = zone.folder / "below"
    zone.folder.mkdir()
    zone.land(complaints("../c*.csv").replace("MATTER", "MATTER#2"))
    assert zone.rows(ROWS) == [EXPECTED[0]]


HEADED = """
survey_answers:
  - files: wide.csv
    columns: {{response_id: {{row_number: true}}, answered_on: {{constant: 2025-06-01}}}}
    wide: {{into: question, value: score, from: {{Q1: "{header}"}}}}
"""


def test_a_header_may_be_named_by_a_part_of_it(zone: Zone) -> None:
    """Survey tools write whole questions into the header."""
    zone.write("wide.csv", '"1. How easy was it, all in all?","2. How easy was it to find us?"\n7,3\n')
    zone.land(HEADED.format(header="1.*all?"))
    assert zone.rows("SELECT question, score FROM raw.survey_answers") == [("Q1", 7.0)]


def test_a_part_that_fits_several_headers_is_refused(zone: Zone) -> None:
    zone.write("wide.csv", "1. How easy?,2. How easy?\n7,3\n")
    with pytest.raises(LandingError, match=r"'\*How easy\?' stands for 2 columns, not for one: 1\. How easy"):
        zone.land(HEADED.format(header="*How easy?"))
