"""CSV that no spreadsheet runs: the rule as a column of Polars and as SQL."""

import csv
from io import StringIO

import duckdb
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from warehouse.csv_text import as_csv, harmless_sql

BEGINNINGS = "=+-@\t\r\n＝＋－＠"


def test_a_formula_becomes_a_text_and_a_number_stays_one() -> None:
    frame = pl.DataFrame({"name": ["@SUM(A1)", "plain", None], "value": [-1.5, 2.0, None]})
    assert as_csv(frame).splitlines() == ["name,value", "'@SUM(A1),-1.5", "plain,2.0", ","]


@given(st.lists(st.text(st.sampled_from(BEGINNINGS + "A1 '\""), max_size=4), min_size=1, max_size=20))
def test_no_cell_begins_like_a_formula_and_both_writers_agree(cells: list[str]) -> None:
    rows = csv.DictReader(StringIO(as_csv(pl.DataFrame({"cell": cells, "n": 1})), newline=""))
    written = [row["cell"] for row in rows]
    assert written == [f"'{cell}" if cell[:1] in set(BEGINNINGS) else cell for cell in cells]
    select = f"SELECT {harmless_sql('cell')} FROM (SELECT unnest(?::VARCHAR[]) AS cell)"
    with duckdb.connect() as con:
        assert [cell for (cell,) in con.execute(select, [cells]).fetchall()] == written


def test_lists_and_records_are_json() -> None:
    frame = pl.DataFrame({"n": [[1, 2], None], "of": [{"a": "é"}, {"a": None}]})
    assert as_csv(frame).splitlines() == ["n,of", '"[1, 2]","{""a"": ""\\u00e9""}"', ',"{""a"": null}"']
