from mart_examples import assert_rows, mart

COMPLAINTS = """
org_unit  category  received_on  closed_on   received_to_closed_days  uphold_credit  is_via_regulator  is_merged
B1        claims    2025-03-03   2025-03-05  2                        1              false             false
B1        claims    2025-03-10   2025-03-20  10                       0.5            true              false
B1        claims    2025-03-31   2025-04-03  3                        0              false             false
B1        claims    2025-03-31   -           -                        -              false             false
B1        claims    2025-03-31   2025-03-31  0                        1              false             true
B1        sales     2025-04-01   -           -                        -              false             false
B2        -         2025-04-01   2025-04-02  1                        -              false             false
"""
UNITS = """
org_unit  name
B1        Harbour branch
"""


def test_a_row_a_matter_month_and_unit_whose_counts_add_up():
    """The fifth is a repeated contact and no complaint of its own; the last was withdrawn, not decided."""
    rows = mart("complaints_by_category", {"core.complaints": COMPLAINTS, "core.org_units": UNITS}, cases="1")
    assert_rows(
        rows,
        """
        org_unit_name   category  period      received_count  closed_count  decided_count  uphold_credit
        Harbour branch  claims    2025-03-01  4               3             3              1.5
        Harbour branch  sales     2025-04-01  1               0             0              0
        B2              unknown   2025-04-01  1               1             0              0
        """,
    )
    assert_rows(
        rows,
        """
        category  via_regulator_count  received_to_closed_days_median
        claims    1                    3
        sales     0                    -
        unknown   0                    1
        """,
    )


COUNTS = """
org_unit  category  cases       received_on  closed_on   received_to_closed_days  uphold_credit  is_merged
B1        claims    1000000000  2025-03-03   2025-03-05  2                        1              false
B1        claims    999999999   2025-03-10   2025-03-20  10                       0              false
B1        claims    1           2025-03-10   2025-03-14  4                        0              false
B1        claims    5           2025-03-31   -           -                        -              false
B1        sales     0           2025-03-31   -           -                        -              false
"""


def test_a_row_of_many_complaints_counts_them_all():
    """Half of the closed ones took 2 days, one took 4: the median lies between these two."""
    assert_rows(
        mart("complaints_by_category", {"core.complaints": COUNTS}),
        """
        category  received_count  closed_count  decided_count  uphold_credit  received_to_closed_days_median
        claims    2000000005      2000000000    2000000000     1e+09          3
        sales     0               0             0              0              -
        """,
    )
