"""Every row of a file is landed, rejected or skipped, and knows the line it comes from."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from warehouse.landing.raw_tables import create_raw

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

CSV = "ID,RECEIVED,MATTER\n1,2025-01-05,claims\n2,2025-01-06,sales\n"
MAPPING = """
complaints:
  - files: "*.csv"
    max_reject_share: 0.5
    columns: {complaint_id: ID, received_on: RECEIVED, category: MATTER}
"""


_CELLS = st.sampled_from(
    [
        "",
        "1",
        "x",
        "2025-01-05",
        "2025-02-30",
        " 7 ",
        '"a,b"',
        '"a\nb"',
        '"say ""no"""',
        "1825-01-01",
        "é",
        "5' 6",
    ]
)
_LINES = st.one_of(st.lists(_CELLS, min_size=1, max_size=5).map(",".join), st.just(""))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(_LINES, max_size=12), newline=st.sampled_from(["\n", "\r\n"]), ends=st.booleans())
@example(lines=["a,2025-01-05,x", "", '"a\nb",2025-01-05,', "1", "2,2025-01-06,,,"], newline="\n", ends=True)
def test_landed_rejected_and_skipped_are_all_that_was_read(
    lines: list[str], newline: str, ends: bool, zone: Zone
) -> None:
    create_raw(zone.con)
    for table in ("complaints", "rejects", "loads", "files"):
        zone.con.execute(f"DELETE FROM raw.{table}")
    text = newline.join(["ID,RECEIVED,MATTER", *(line.replace("\n", newline) for line in lines)])
    zone.write("c.csv", text + newline * ends, age_days=2)
    (load,) = zone.land(MAPPING.replace("0.5", "1\n    where: MATTER IS DISTINCT FROM 'x'"))
    landed = zone.rows("SELECT _line, category FROM raw.complaints")
    rejected = zone.rows("SELECT line FROM raw.rejects")
    records, starts, line = [], [], 2
    for record in lines:
        if record:
            records.append(record)
            starts.append(line)
        line += 1 + record.count("\n")
    assert load.rows_read == len(records)
    assert (load.rows_landed, load.rows_rejected) == (len(landed), len(rejected))
    assert load.rows_landed + load.rows_rejected + load.rows_skipped == load.rows_read
    found = [row[0] for row in landed] + [row[0] for row in rejected]
    assert len(set(found)) == len(found)
    assert set(found) <= set(starts)
    for number, category in landed:
        (cells,) = csv.reader(io.StringIO(records[starts.index(number)].replace("\n", newline), newline=""))
        assert category == (cells[2].strip() or None)


def test_lines_of_a_large_file_with_broken_rows(zone: Zone) -> None:
    """Read by several threads, every row still knows its line."""
    lines = [f"{n},2025-01-05" if n % 1000 == 7 else f"{n},2025-01-05,c{n % 13}" for n in range(2, 300_002)]
    zone.write("c.csv", "ID,RECEIVED,MATTER\n" + "\n".join(lines))
    (load,) = zone.land(MAPPING)
    assert (load.rows_landed, load.rows_rejected) == (299_700, 300)
    assert zone.rows("SELECT count(*) FROM raw.complaints WHERE CAST(complaint_id AS INTEGER) <> _line") == [
        (0,)
    ]
    assert zone.rows(
        "SELECT count(*) FROM raw.rejects WHERE NOT starts_with(raw, repeat('9', length(line::VARCHAR)) || ',')"
    ) == [(0,)]


def test_lines_after_breaks_inside_quotes_and_blank_lines(zone: Zone) -> None:
    zone.write(
        "c.csv",
        'ID,RECEIVED,MATTER\n2,2025-01-05,"a\n\nb"\n\n6,2025-01-05,\n7\n8,2025-01-05,\n9,x,"\n"\n11,2025-01-05,',
    )
    zone.land(MAPPING)
    assert zone.rows("SELECT complaint_id, _line FROM raw.complaints ORDER BY 2") == [
        ("2", 2),
        ("6", 6),
        ("8", 8),
        ("11", 11),
    ]
    assert zone.rows("SELECT line FROM raw.rejects ORDER BY 1") == [(7,), (9,)]


def test_mixed_line_ends_lose_nothing(zone: Zone) -> None:
    zone.write("c.csv", CSV.replace("\n", "\r\n") + "3,2025-01-07,a\n4,2025-01-08,b\r\n")
    zone.write("d.csv", CSV.replace("MATTER\n", "MATTER\r\n").replace("1,", "11,"))
    assert [load.rows_landed for load in zone.land(MAPPING)] == [4, 2]
