import polars as pl
from mart_examples import assert_rows, mart

ORDERS = """
kind        service_channel  ordered_on  done_on
alteration  app              2025-03-01  2025-03-01
alteration  app              2025-03-09  -
alteration  counter          2025-03-05  2025-03-08
enquiry     app              2025-03-02  2025-03-02
"""
APPLICATIONS = """
service_channel  started_on  issued_on
app              2025-03-03  -
"""
CLAIMS = """
cases  spell_no  service_channel  reported_on  ended_on
2      1         counter          2025-03-04   2025-03-20
1      2         counter          2025-04-04   -
1      1         -                2025-03-06   -
"""
COMPLAINTS = """
cases  is_merged  service_channel  received_on  closed_on
1      false      call             2025-03-07   2025-03-09
1      true       call             2025-03-08   2025-03-09
"""


def test_every_service_has_a_row_by_every_channel():
    """Four channels are used in all; a second handling of a claim and a repeated contact are no orders."""
    rows = mart(
        "service_coverage",
        {
            "core.service_orders": ORDERS,
            "core.applications": APPLICATIONS,
            "core.claims": CLAIMS,
            "core.complaints": COMPLAINTS,
        },
    )
    assert rows.height == 5 * 4
    assert rows["is_offered"].sum() == 7
    assert_rows(
        rows.filter(pl.col("service").is_in(["alteration", "claim"])),
        """
        service     service_channel  is_offered  ordered_count  done_count  done_share  ordered_share  last_ordered_on
        alteration  app              true        2              1           0.5         0.666667       2025-03-09
        alteration  call             false       0              0           -           0              -
        alteration  counter          true        1              1           1           0.333333       2025-03-05
        alteration  unknown          false       0              0           -           0              -
        claim       app              false       0              0           -           0              -
        claim       call             false       0              0           -           0              -
        claim       counter          true        2              2           1           0.666667       2025-03-04
        claim       unknown          true        1              0           0           0.333333       2025-03-06
        """,
    )
