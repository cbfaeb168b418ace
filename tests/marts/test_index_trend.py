from mart_examples import assert_rows, mart

SCORES = """
framework_version  node   level  period      score  grade  status
1                  index  0      2024-03-01  66     B      ok
1                  index  0      2025-02-01  70     B      ok
1                  index  0      2025-03-01  73     BB     ok
1                  paid   1      2025-03-01  87     A      ok
2                  index  0      2025-03-01  50     CCC    ok
"""
NODES = """
framework_version  node   period      kpi
1                  index  2024-03-01  -
1                  index  2025-02-01  -
1                  index  2025-03-01  -
1                  paid   2025-03-01  claim_paid_share
2                  index  2025-03-01  -
"""
GRADES = """
framework_version  node   period      held_grade
1                  index  2025-03-01  B
"""
SIGNALS = """
framework_version  node   period      is_signal  sentence
1                  index  2025-02-01  true       Signal: 70 is above the limits.
1                  index  2025-03-01  false      No signal.
"""


def test_changes_are_within_a_version_and_a_change_is_a_signal_none_or_without_limits():
    """The leaf of a KPI is no part of the index; the grade to show is the one held, not the month's."""
    tables = {
        "index.scores": SCORES,
        "index.nodes": NODES,
        "index.grades": GRADES,
        "index.signals": SIGNALS,
    }
    assert_rows(
        mart("index_trend", tables, framework="life", cut="company", segment="company"),
        """
        framework_version  node   period      score  grade  month_grade  change_on_month  change_on_year  signal
        1                  index  2024-03-01  66     -      B            -                -               no limits
        1                  index  2025-02-01  70     -      B            -                -               signal
        1                  index  2025-03-01  73     B      BB           3                7               no signal
        2                  index  2025-03-01  50     -      CCC          -                -               no limits
        """,
    )
