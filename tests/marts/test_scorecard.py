from mart_examples import assert_rows, mart

SCORES = """
segment  period      node       level  score  coverage  grade  status            window_months
north    2025-02-01  index      0      70     1         B      ok                1
north    2025-02-01  objective  1      72     1         B      ok                1
north    2025-03-01  index      0      73.5   0.9       BB     ok                3
north    2025-03-01  objective  1      75     1         BB     ok                1
south    2025-03-01  index      0      -      0.4       -      missing_coverage  1
unknown  2025-03-01  index      0      10     1         D      ok                1
"""
NODES = """
segment  period      node       level  score  kpi
north    2025-02-01  index      0      70     -
north    2025-02-01  objective  1      72     -
north    2025-03-01  index      0      73.5   -
north    2025-03-01  objective  1      75     -
north    2025-03-01  paid       2      87     claim_paid_share
south    2025-03-01  index      0      -      -
"""
MONTHLY = """
segment  period      kpi               basis   value
north    2025-03-01  claim_paid_share  period  0.93
north    2025-03-01  claim_paid_share  cohort  0.5
north    2025-03-01  claim_open_count  stock   120
south    2025-03-01  nps_points        period  30
"""
SIGNALS = """
segment  period      node       is_signal  sentence
north    2025-03-01  index      true       Signal: 73.5 is above the limits.
north    2025-03-01  objective  false      No signal.
"""
GRADES = """
segment  period      node   held_grade
north    2025-03-01  index  B
"""


def test_a_row_a_segment_and_month_with_its_parts_its_kpis_and_its_change():
    """Claims paid are those of the month they ended in; the grade to show is the one held."""
    tables = {
        "index.scores": SCORES,
        "index.nodes": NODES,
        "index.signals": SIGNALS,
        "index.grades": GRADES,
        "kpi.monthly": MONTHLY,
    }
    rows = mart("scorecard", tables, framework="life", framework_version="1", cut="org_unit")
    assert_rows(
        rows,
        """
        segment  period      index_score  index_change_points  index_signal  index_grade  index_held_grade
        north    2025-02-01  70           -                    no limits     B            -
        north    2025-03-01  73.5         3.5                  signal        BB           B
        south    2025-03-01  -            -                    no limits     -            -
        """,
    )
    assert_rows(
        rows,
        """
        segment  period      index_status      window_months  claim_paid_share  claim_open_count  nps_points
        north    2025-02-01  ok                1              -                 -                 -
        north    2025-03-01  ok                3              0.93              120               -
        south    2025-03-01  missing_coverage  1              -                 -                 30
        """,
    )
    parts = {(row["segment"], row["period"].month): row["part_scores"] for row in rows.iter_rows(named=True)}
    assert parts["north", 3] == {"objective": 75.0}
    assert parts["south", 3] is None
