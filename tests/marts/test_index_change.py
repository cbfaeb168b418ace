from mart_examples import assert_rows, mart

CONTRIBUTIONS = """
period      period_from  node   kpi               value_points  weight_points  composition_points  total_points
2025-03-01  2025-02-01   paid   claim_paid_share  -1.5          0              0                   -1.5
2025-03-01  2025-02-01   nps    nps_points        3             -0.5           0                   2.5
2025-03-01  2025-02-01   index  -                 1.5           -0.5           0                   1
"""
NODES = """
period      node   parent     basis   value  score
2025-02-01  paid   objective  period  0.95   90
2025-03-01  paid   objective  period  0.93   87
2025-02-01  nps    perceived  period  20     60
2025-03-01  nps    perceived  period  26     66
2025-03-01  index  -          -       -      71
"""
SCORES = """
period      node   level  score
2025-02-01  index  0      70
2025-03-01  index  0      71
"""


def test_the_waterfall_leads_from_one_index_to_the_other_by_its_largest_steps():
    rows = mart(
        "index_change",
        {"index.contributions": CONTRIBUTIONS, "index.nodes": NODES, "index.scores": SCORES},
        framework="life",
        framework_version="1",
        cut="company",
        segment="company",
    )
    assert_rows(
        rows,
        """
        rank  node  parent     value_before  value_after  score_before  score_after  contribution_points
        1     nps   perceived  20            26           60            66           2.5
        2     paid  objective  0.95          0.93         90            87           -1.5
        """,
    )
    assert_rows(
        rows,
        """
        rank  index_before  bar_from  bar_to  index_after
        1     70            70        72.5    71
        2     70            72.5      71      71
        """,
    )
