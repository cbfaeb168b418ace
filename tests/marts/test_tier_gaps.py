from mart_examples import assert_rows, mart

RECORDS = """
kpi  basis   period      cut   segment   value  ci_low  ci_high  status
k    period  2025-03-01  tier  city      0.90   0.87    0.92     ok
k    period  2025-03-01  tier  county    0.80   0.76    0.83     ok
k    period  2025-04-01  tier  city      0.90   0.87    0.92     ok
k    period  2025-04-01  tier  county    0.88   0.84    0.91     ok
k    period  2025-05-01  tier  city      0.90   0.87    0.92     ok
k    period  2025-05-01  tier  county    0.50   0.10    0.90     low_n
k    period  2025-05-01  tier  unknown   0.70   0.60    0.80     ok
k    period  2025-06-01  tier  city      -      -       -        no_data
k    period  2025-06-01  tier  county    0.80   0.76    0.83     ok
"""


def test_the_gap_of_the_county_to_the_city():
    """In March 0.1 with an interval of 0.03² + 0.03² below and 0.02² + 0.04² above."""
    rows = mart("tier_gaps", {"kpi.monthly": RECORDS})
    assert_rows(
        rows,
        """
        period      upper_tier  tier    gap   gap_low      gap_high   verdict
        2025-03-01  city        county  0.1   0.0575736    0.144721   higher in the upper tier
        2025-04-01  city        county  0.02  -0.0224264   0.0647214  no evidence of a gap
        2025-05-01  city        county  0.4   -0.00112342  0.8005     too few cases
        """,
    )
