"""Extracts: no row of a single case for analysts, and for everybody no cell that can be had by taking others away."""

from collections import defaultdict

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.extracts import extract, protected_cells
from warehouse.privacy_settings import PublicPart

FEWEST = 5
CELLS = st.lists(st.tuples(st.integers(0, 12), st.floats(0, 1)), min_size=1, max_size=6)


def shown(cells: list[tuple[int, float]], apart: int) -> dict[str, tuple[float | None, int | None]]:
    """What is shown of a total with these cells of (cases, share) and cases in no cell; the company under its name."""
    of_company = sum(n for n, _ in cells) + apart
    met = sum(n * share for n, share in cells)
    rows = [("company", "company", met / of_company if of_company else None, of_company)]
    rows += [("org_unit", f"B{place}", share, n) for place, (n, share) in enumerate(cells)]
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE c (kpi TEXT, basis TEXT, period DATE, cut TEXT, segment TEXT, value DOUBLE, n BIGINT)"
        )
        con.executemany("INSERT INTO c VALUES ('k', 'cohort', DATE '2025-01-01', ?, ?, ?, ?)", rows)
        found = con.execute(protected_cells("FROM c", FEWEST)).fetchall()
    return {row[4]: (row[5], row[6]) for row in found}


@given(CELLS, st.integers(0, 8))
def test_no_small_cell_is_shown_or_is_the_total_less_the_others(
    cells: list[tuple[int, float]], apart: int
) -> None:
    """The attack by differences: all that the total less the shown cells can give is about FEWEST cases or more."""
    found = shown(cells, apart)
    _, of_company = found.pop("company", (None, None))
    counts = {segment: n for segment, (_, n) in found.items() if n is not None}
    assert all(n >= FEWEST for n in counts.values())
    there = {f"B{place}": n for place, (n, _) in enumerate(cells) if n}
    hidden = {segment: n for segment, n in there.items() if segment not in counts}
    if of_company is None:
        assert not counts
    elif left := of_company - sum(counts.values()):
        assert left >= FEWEST
        assert not (hidden and len(hidden) + (apart > 0) == 1), "one cell alone would be the difference"


def test_a_small_cell_takes_the_next_smallest_with_it() -> None:
    found = shown([(2, 0.5), (6, 0.5), (20, 0.5), (30, 0.5)], apart=0)
    assert {segment: n for segment, (_, n) in found.items()} == {
        "company": 58, "B0": None, "B1": None, "B2": 20, "B3": 30
    }  # fmt: skip
    assert shown([(2, 0.5), (20, 0.5)], apart=9)["B1"] == (0.5, 20), "those in no cell hide it already"


@pytest.fixture
def current(tmp_path):
    path = tmp_path / "current.duckdb"
    columns = "'k' AS kpi, 'cohort' AS basis, DATE '2025-01-01' AS period"
    with duckdb.connect(str(path)) as con:
        con.execute(f"""
            CREATE SCHEMA core; CREATE SCHEMA kpi; CREATE SCHEMA marts; CREATE SCHEMA catalog;
            CREATE TABLE core.claims AS SELECT 'C1' AS claim_id;
            CREATE TABLE marts.claims_open AS SELECT 'C1' AS claim_id;
            CREATE TABLE marts.by_guest AS SELECT 'g' AS guest_id;
            CREATE TABLE marts.scorecard AS SELECT 1 AS score;
            CREATE TABLE catalog.loads AS SELECT 'zhang.csv' AS file;
            CREATE TABLE catalog.kpis AS SELECT 'k' AS kpi, 'K' AS title, 'share' AS unit, 1 AS direction,
                'd' AS definition, 'f' AS formula, 's' AS source;
            CREATE TABLE kpi.monthly AS SELECT {columns}, 'company' AS cut, 'company' AS segment, 0.5 AS value,
                40 AS n, 'ok' AS status;
            CREATE TABLE kpi.periodic AS SELECT {columns}, cut, segment, 0.5 AS value, n, 'ok' AS status, grain
            FROM (VALUES ('company', 'company', 33), ('org_unit', 'B1', 3), ('org_unit', 'B2', 30), ('region', 'R', 33))
                AS cells(cut, segment, n), (VALUES ('quarter'), ('year')) AS grains(grain)""")
    return path


def test_analysts_see_no_row_of_a_single_case(current, tmp_path):
    target = tmp_path / "analyst.duckdb"
    made = extract(current, target, "analyst", PublicPart(), {"guest_id"})
    assert made == ["catalog.kpis", "kpi.monthly", "kpi.periodic", "marts.scorecard"]
    with duckdb.connect(str(target), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(len(made),)]
    with pytest.raises(FileExistsError, match="there already"):
        extract(current, target, "analyst", PublicPart(), ())


def test_everybody_sees_one_cut_of_one_length_alone(current, tmp_path):
    target = tmp_path / "public.duckdb"
    assert extract(current, target, "public", PublicPart(), ()) == ["protected.cells", "protected.kpis"]
    seen = defaultdict(list)
    with duckdb.connect(str(target), read_only=True) as con:
        assert con.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall() == [
            ("cells",),
            ("kpis",),
        ]
        for cut, segment, n in con.execute(
            "SELECT cut, segment, n FROM protected.cells ORDER BY segment"
        ).fetchall():
            seen[cut].append((segment, n))
    assert seen == {"company": [("company", 33)], "org_unit": [("B1", None), ("B2", None)]}
