from mart_examples import assert_rows, mart

MONTHS = """
kpi     cut       segment  period      value  direction  unit
paid    company   company  2025-02-01  0.90   1          share
paid    company   company  2025-03-01  0.94   1          share
paid    org_unit  north    2025-03-01  0.99   1          share
paid    org_unit  south    2025-03-01  0.80   1          share
paid    org_unit  unknown  2025-03-01  0.50   1          share
days    company   company  2024-12-01  9      -1         days
days    company   company  2025-03-01  12     -1         days
size    company   company  2025-03-01  5      0          days
"""
LIMITS = """
kpi     cut       segment  period      lower  upper
paid    company   company  2025-03-01  0.90   0.98
paid    org_unit  north    2025-03-01  0.96   1
paid    org_unit  south    2025-03-01  0.7    0.93
"""
TARGETS = """
kpi   cut       segment  year  source   side      target  corridor
paid  company   company  2025  feed     -         0.95    0.02
paid  company   company  -     law      at_least  1.0     -
paid  org_unit  all      2025  feed     -         0.95    -
paid  org_unit  south    2025  feed     -         0.94    -
days  company   company  2024  project  -         10      -
days  company   company  2025  project  -         10      1
size  company   company  2025  project  -         4       2
none  company   company  2025  project  -         4       2
"""
YEARS = """
kpi   cut      segment  period      grain  value
paid  company  company  2025-01-01  year   0.92
"""


def test_targets_are_held_against_the_newest_month_and_its_ordinary_variation():
    tables = {"core.targets": TARGETS, "kpi.monthly": MONTHS, "kpi.signals": LIMITS, "kpi.periodic": YEARS}
    assert_rows(
        mart("targets", tables, basis="cohort"),
        """
        kpi   segment  year  source   side      period      value  year_value  state        assurance
        paid  company  2025  feed     at_least  2025-03-01  0.94   0.92        in_corridor  hit_or_miss
        paid  company  -     law      at_least  2025-03-01  0.94   0.92        missed       consistently_fails
        paid  north    2025  feed     at_least  2025-03-01  0.99   -           met          consistently_meets
        paid  south    2025  feed     at_least  2025-03-01  0.8    -           missed       consistently_fails
        days  company  2024  project  at_most   2024-12-01  9      -           met          -
        days  company  2025  project  at_most   2025-03-01  12     -           missed       -
        size  company  2025  project  -         2025-03-01  5      -           in_corridor  -
        """,
    )
