from mart_examples import assert_rows, mart

JOURNEYS = """
customer_id  case_id  step_no  org_unit  entered_on  left_on     days  is_last  perceived_score
Z1           K1       1        B1        2025-03-03  2025-03-10  7     false    50
Z1           K2       1        B1        2025-03-05  2025-03-08  3     false    -
Z2           K3       1        B1        2025-03-31  -           -     true     100
Z2           K4       1        B1        2025-03-31  -           -     false    -
Z2           K5       1        B2        2025-04-01  -           -     true     -
"""
UNITS = """
org_unit  name
B1        Harbour branch
"""


def test_a_step_a_month_and_unit():
    """The papers of K4 were never complete, but a later step has begun: nobody waits for them."""
    rows = mart(
        "journey_stages",
        {"core.customer_journeys": JOURNEYS, "core.org_units": UNITS},
        journey="claim",
        step="papers",
        owner="claims desk",
    )
    assert_rows(
        rows,
        """
        period      step    owner        org_unit_name   entered_count  done_count  open_count  customer_count
        2025-03-01  papers  claims desk  Harbour branch  4              2           1           2
        2025-04-01  papers  claims desk  B2              1              0           1           1
        """,
    )
    assert_rows(
        rows,
        """
        period      days_median  perceived_count  perceived_score
        2025-03-01  5            2                75
        2025-04-01  -            0                -
        """,
    )
