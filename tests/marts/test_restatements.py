from mart_examples import assert_rows, mart

NOW = """
kpi                    unit              segment  period      status  definition_version  numerator  denominator  value
claim_paid_share       share             north    2025-03-01  ok        1                   90         100          0.9
claim_paid_share       share             south    2025-03-01  ok        1                   45         55           0.82
claim_paid_share       share             east     2025-03-01  ok        1                   41         50           0.82
claim_paid_share       share             west     2025-03-01  ok        2                   40         50           0.8
claim_paid_share       share             south    2025-02-01  ok        1                   45         55           0.82
claim_paid_share       share             new      2025-03-01  ok        1                   1          1            1
complaints_per_policy  per_10k_policies  north    2025-03-01  ok        1                   7          20000        3.5
"""
BEFORE = """
kpi                    segment  period      status    definition_version  numerator  denominator  value  as_of
claim_paid_share       north    2025-03-01  ok        1                   90         100          0.9    2025-04-30
claim_paid_share       south    2025-03-01  ok        1                   44         50           0.88   2025-04-30
claim_paid_share       east     2025-03-01  ok        1                   40         50           0.8    2025-04-30
claim_paid_share       west     2025-03-01  ok        1                   50         60           0.83   2025-04-30
claim_paid_share       south    2025-02-01  immature  1                   30         40           0.75   2025-04-30
claim_paid_share       gone     2025-03-01  ok        1                   30         40           0.75   2025-04-30
complaints_per_policy  north    2025-03-01  ok        1                   6          20000        3      2025-03-15
"""
SCORES = """
node   cut      segment  period      status  score  coverage
index  company  company  2025-03-01  ok      71     1
index  company  company  2025-02-01  ok      70     1
"""
SCORES_BEFORE = """
node   cut      segment  period      status  score  coverage
index  company  company  2025-03-01  ok      74     1
index  company  company  2025-02-01  ok      70     1
"""


def test_what_changed_since_the_last_version_stands_with_before_now_and_why():
    tables = {
        "kpi.monthly": NOW,
        "staging.published_kpis": BEFORE,
        "index.scores": SCORES,
        "staging.published_scores": SCORES_BEFORE,
    }
    rows = mart(
        "restatements", tables, basis="period", cut="org_unit", framework="life", framework_version="1"
    )
    assert_rows(
        rows,
        """
        measure                kind   segment  period      status_before  value_before  value_after  why
        claim_paid_share       kpi    south    2025-03-01  ok             0.88          0.82         late data
        claim_paid_share       kpi    east     2025-03-01  ok             0.8           0.82         correction
        claim_paid_share       kpi    west     2025-03-01  ok             0.83          0.8          definition
        claim_paid_share       kpi    south    2025-02-01  immature       0.75          0.82         completion
        complaints_per_policy  kpi    north    2025-03-01  ok             3             3.5          completion
        life index             index  company  2025-03-01  ok             74            71           measures
        """,
    )
