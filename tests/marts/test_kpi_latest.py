from mart_examples import assert_rows, mart

MONTHLY = """
kpi         cut       segment  period      value  status
nps_points  org_unit  B1       2025-01-01  30     ok
nps_points  org_unit  B1       2025-02-01  35     low_n
nps_points  org_unit  B1       2025-03-01  -      immature
nps_points  org_unit  B2       2025-02-01  -      no_data
nps_points  org_unit  B2       2025-03-01  -      suppressed
nps_points  region    B1       2025-03-01  40     ok
"""
UNITS = """
org_unit  name
B1        Harbour branch
"""
TITLES = """
kpi         title               unit_title
nps_points  Net promoter score  points
"""


def test_the_newest_month_with_a_value_and_without_any_the_newest_reason():
    """Only units have names of their own: a region that is called like a unit is not that unit."""
    tables = {"kpi.monthly": MONTHLY, "core.org_units": UNITS, "kpi.titles": TITLES}
    assert_rows(
        mart("kpi_latest", tables, basis="period"),
        """
        segment_name    title               period      value  status_in_words
        Harbour branch  Net promoter score  2025-02-01  35     too few cases to rely on
        B2              Net promoter score  2025-03-01  -      withheld, since so few cases could point to people
        B1              Net promoter score  2025-03-01  40     fit to be shown
        """,
    )
