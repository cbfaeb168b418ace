from mart_examples import assert_rows, mart

CLAIMS = """
claim_id  spell_no  reported_on  decided_on  paid_on     ended_on    outcome    age_days  sequence_fault
young     1         2025-03-20   -           -           -           -          11        -
old       1         2025-01-15   -           -           -           -          75        -
owed      2         2025-02-01   2025-02-20  -           -           paid_part  58        -
paid      1         2025-02-01   2025-02-20  2025-03-01  2025-03-01  paid_full  28        -
muddled   1         2025-01-01   -           -           -           -          89        no report
"""


def test_open_claims_are_listed_with_the_limits_they_have_passed():
    """Paid claims and those whose events contradict each other are no work; a decided one waits for its payment."""
    assert_rows(
        mart("claims_open", {"core.claims": CLAIMS}),
        """
        claim_id  age_bucket  is_past_decision_limit  is_past_part_payment_limit  is_awaiting_payment
        old       61-90       true                    true                        false
        owed      31-60       false                   false                       true
        young     00-30       false                   false                       false
        """,
    )


def test_the_oldest_claim_stands_first():
    assert mart("claims_open", {"core.claims": CLAIMS})["claim_id"].to_list() == ["old", "owed", "young"]
