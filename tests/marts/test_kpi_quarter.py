from mart_examples import assert_rows, mart

PERIODIC = """
kpi         segment  grain    period      ends_on     value  status
nps_points  B1       quarter  2024-10-01  2024-12-31  30     ok
nps_points  B1       quarter  2025-01-01  2025-03-31  -      not_applicable
nps_points  B1       year     2024-01-01  2024-12-31  33     ok
"""
UNITS = """
org_unit  name
B1        Harbour branch
"""


def test_quarters_alone_with_their_number_and_the_name_of_the_unit():
    assert_rows(
        mart(
            "kpi_quarter", {"kpi.periodic": PERIODIC, "core.org_units": UNITS}, basis="period", cut="org_unit"
        ),
        """
        segment_name    year  quarter  ends_on     value  status_in_words
        Harbour branch  2024  4        2024-12-31  30     fit to be shown
        Harbour branch  2025  1        2025-03-31  -      not measured: the sources lack what it needs
        """,
    )
