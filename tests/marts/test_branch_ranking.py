from mart_examples import assert_rows, mart

SCORES = """
segment  period      node       level  score  coverage  window_months
north    2025-02-01  index      0      60     1         1
south    2025-02-01  index      0      65     1         1
north    2025-03-01  index      0      70     1         3
south    2025-03-01  index      0      66     1         1
west     2025-03-01  index      0      -      0.5       1
west     2025-03-01  objective  1      90     1         1
north    2025-03-01  objective  1      71     1         1
south    2025-03-01  objective  1      62     1         1
unknown  2025-03-01  index      0      99     1         1
"""
NODES = """
segment  period      node       kpi               weight  score  status   n   minimum
north    2025-02-01  index      -                 1       60     ok       -   -
south    2025-02-01  index      -                 1       65     ok       -   -
north    2025-03-01  index      -                 1       70     ok       -   -
south    2025-03-01  index      -                 1       66     ok       -   -
west     2025-03-01  index      -                 1       -      ok       -   -
west     2025-03-01  objective  -                 0.6     90     ok       -   -
north    2025-03-01  objective  -                 0.6     71     ok       -   -
south    2025-03-01  objective  -                 0.6     62     ok       -   -
south    2025-03-01  paid       claim_paid_share  0.2     60     ok       90  30
west     2025-03-01  nps        nps_points        0.3     -      low_n    12  50
west     2025-03-01  trust      trust_score       0.1     -      low_n    12  30
west     2025-03-01  calls      call_share        0.1     -      no_data  -   -
"""
FUNNELS = """
segment  period      kpi               position   is_good
south    2025-03-01  claim_paid_share  below_998  false
"""
SIGNALS = """
segment  period      kpi               is_signal  is_good
south    2025-03-01  claim_paid_share  true       false
"""
TABLES = {
    "index.scores": SCORES,
    "index.nodes": NODES,
    "kpi.funnels": FUNNELS,
    "kpi.signals": SIGNALS,
}


def ranking(tables: dict[str, str] = TABLES):
    return mart(
        "branch_ranking",
        tables,
        framework="life",
        framework_version="1",
        cut="org_unit",
        basis="period",
        effective_weight="0.1",
    )


def test_branches_are_ranked_by_the_index_and_one_without_it_among_all_by_its_heaviest_part():
    assert_rows(
        ranking(),
        """
        period      org_unit  ranked_by  rank  n_branches  score  window_months  rank_before  change_points
        2025-02-01  south     index      1     2           65     1              -            -
        2025-02-01  north     index      2     2           60     1              -            -
        2025-03-01  north     index      1     2           70     3              2            10
        2025-03-01  south     index      2     2           66     1              1            1
        2025-03-01  west      objective  1     3           90     1              -            -
        """,
    )


def test_a_branch_without_an_index_says_why_by_the_heaviest_kpi_of_each_reason():
    reasons = dict(ranking().filter(period=max(ranking()["period"])).select("org_unit", "reason").iter_rows())
    assert reasons == {
        "north": None,
        "south": None,
        "west": "2 of its KPIs low_n, as nps_points with 12 of 50; 1 of its KPIs no_data, as call_share",
    }


def test_a_kpi_worse_than_the_others_and_than_its_own_past_is_an_alert():
    quiet = SIGNALS.replace("true", "false")
    expected = """
    org_unit  n_kpis_below_others  kpis_below_others  alerts
    north     0                    -                  -
    south     1                    claim_paid_share   {}
    west      0                    -                  -
    """
    latest = ranking().filter(period=max(ranking()["period"]))
    assert_rows(latest, expected.format("claim_paid_share"))
    latest = ranking({**TABLES, "kpi.signals": quiet}).filter(period=max(ranking()["period"]))
    assert_rows(latest, expected.format("-"))


def test_equal_scores_share_a_rank():
    scores = """
    segment  period      node   level  score
    east     2025-03-01  index  0      70
    north    2025-03-01  index  0      70
    south    2025-03-01  index  0      60
    """
    nodes = """
    segment  period      node   weight
    east     2025-03-01  index  1
    north    2025-03-01  index  1
    south    2025-03-01  index  1
    """
    rows = ranking({"index.scores": scores, "index.nodes": nodes})
    assert dict(rows.select("org_unit", "rank").iter_rows()) == {"east": 1, "north": 1, "south": 3}
