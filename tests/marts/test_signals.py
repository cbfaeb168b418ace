from mart_examples import assert_rows, mart

KPI_SIGNALS = """
kpi               cut       segment  period      value  is_signal  is_good  chart  rule
claim_paid_share  org_unit  north    2025-03-01  0.7    true       false    p      beyond limits
claim_paid_share  org_unit  south    2025-03-01  0.9    false      -        p      -
claim_paid_share  org_unit  unknown  2025-03-01  0.1    true       false    p      beyond limits
"""
FUNNELS = """
kpi               cut       segment  period      position
claim_paid_share  org_unit  north    2025-03-01  below_998
"""
INDEX_SIGNALS = """
node   cut      segment  period      value  is_signal  is_good
index  company  company  2025-03-01  73     true       true
index  company  company  2025-02-01  70     false      -
"""


def test_signals_of_kpis_and_of_the_index_stand_in_one_list():
    tables = {"kpi.signals": KPI_SIGNALS, "kpi.funnels": FUNNELS, "index.signals": INDEX_SIGNALS}
    assert_rows(
        mart("signals", tables, framework="life", framework_version="1", basis="period"),
        """
        measure           kind   basis   segment  period      value  is_good  among_segments
        claim_paid_share  kpi    period  north    2025-03-01  0.7    false    below_998
        life index        index  period  company  2025-03-01  73     true     -
        """,
    )
