from mart_examples import assert_rows, mart

TOPICS = """
collection  language  topic  words           status
complaint   zh        1      保费 扣款       stable
complaint   zh        2      理赔 材料       stable
complaint   other     0      -               too_few_texts
"""
READINGS = """
text_id  written_on  collection  language  topic
1        2025-03-03  complaint   zh        1
2        2025-03-31  complaint   zh        2
3        2025-03-31  complaint   zh        2
4        2025-04-01  complaint   zh        2
5        2025-04-01  complaint   zh        -
6        2025-04-01  complaint   other     -
"""


def test_topics_have_their_share_of_the_texts_with_a_topic():
    assert_rows(
        mart("text_topics_by_month", {"core.text_topics": TOPICS, "core.text_readings": READINGS}),
        """
        period      topic  words      text_count  text_share
        2025-03-01  1      保费 扣款  1           0.333333
        2025-03-01  2      理赔 材料  2           0.666667
        2025-04-01  2      理赔 材料  1           1
        """,
    )
