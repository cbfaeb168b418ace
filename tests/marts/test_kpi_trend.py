from mart_examples import assert_rows, mart

MONTHLY = """
kpi               period      basis   value  ci_low  ci_high  direction  definition_version  status
claim_open_count  2024-03-01  stock   100    81      122      -1         1                   ok
claim_open_count  2025-02-01  stock   90     72      111      -1         1                   ok
claim_open_count  2025-03-01  stock   60     46      71       -1         1                   ok
claim_paid_share  2025-02-01  period  0.9    0.88    0.92     1          1                   ok
claim_paid_share  2025-03-01  period  0.8    0.78    0.82     1          2                   ok
nps_points        2025-03-01  period  -      -       -        1          1                   no_data
"""


def test_a_month_is_held_against_the_one_before_and_the_year_before_by_one_definition():
    """Fewer open claims are better; values by two definitions are never one series; without a value no row."""
    assert_rows(
        mart("kpi_trend", {"kpi.monthly": MONTHLY}, cut="company", segment="company"),
        """
        kpi               period      change_on_month  change_on_year  is_better_than_month_before
        claim_open_count  2024-03-01  -                -               -
        claim_open_count  2025-02-01  -                -               -
        claim_open_count  2025-03-01  -30              -40             true
        claim_paid_share  2025-02-01  -                -               -
        claim_paid_share  2025-03-01  -                -               -
        """,
    )


def test_months_are_apart_where_their_intervals_do_not_touch():
    monthly = """
    period      value  ci_low  ci_high  direction
    2025-01-01  0.5    0.4     0.6      -1
    2025-02-01  0.65   0.6     0.7      -1
    2025-03-01  0.3    0.2     0.4      -1
    """
    assert_rows(
        mart(
            "kpi_trend",
            {"kpi.monthly": monthly},
            kpi="k",
            basis="period",
            cut="c",
            segment="s",
            definition_version="1",
        ),
        """
        period      year  quarter  is_better_than_month_before  is_apart_from_month_before
        2025-01-01  2025  1        -                            -
        2025-02-01  2025  1        false                        false
        2025-03-01  2025  1        true                         true
        """,
    )
