from mart_examples import assert_rows, mart

TEXTS = """
text_id  source    is_external  org_unit  written_on  repeats_complaint_id  names_regulator  names_media  says_delayed
1        email     false        B1        2025-03-03  -                     true             false        true
2        email     false        B1        2025-03-31  -                     false            false        true
3        email     false        B1        2025-04-01  -                     false            false        false
4        platform  true         B1        2025-03-03  K1                    false            true         false
5        survey    false        B2        2025-03-03  -                     false            false        false
6        survey    false        B2        2025-03-04  -                     false            false        false
"""
READINGS = """
text_id  category  sentiment
1        claims    -
2        -         -
3        sales     -
4        -         -
5        -         negative
6        -         not_negative
"""


def test_a_row_a_source_unit_and_month_with_its_cues_and_readings():
    """The post repeats a complaint: it is counted, and can be left out."""
    rows = mart("texts_by_month", {"core.texts": TEXTS, "core.text_readings": READINGS})
    assert_rows(
        rows,
        """
        period      source    is_external  text_count  repeating_count  stated_count  sentiment_count  negative_count
        2025-03-01  email     false        2           0                1             0                0
        2025-04-01  email     false        1           0                1             0                0
        2025-03-01  platform  true         1           1                0             0                0
        2025-03-01  survey    false        2           0                0             2                1
        """,
    )
    assert_rows(
        rows,
        """
        period      source    names_regulator_count  names_media_count  says_delayed_count
        2025-03-01  email     1                      0                  2
        2025-04-01  email     0                      0                  0
        2025-03-01  platform  0                      1                  0
        2025-03-01  survey    0                      0                  0
        """,
    )
