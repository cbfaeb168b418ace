from mart_examples import assert_rows, mart

RECOVERED = """
complaint_id  received_on  is_retained_12m
T1            2024-03-05   true
T2            2024-03-08   false
T3            2024-03-09   -
"""
CUSTOMERS = """
customer_id  first_policy_on  left_on     left_by
Z1           2023-01-05       -           -
Z2           2023-02-05       -           -
Z3           2024-05-05       -           -
Z4           2023-01-05       2024-09-01  surrender
Z5           2023-01-05       2024-10-01  death
Z6           2023-01-05       2024-02-01  surrender
"""
ANSWERS = """
response_id  customer_id  answered_on  satisfaction_score  is_valid  is_audit
R1           Z1           2024-03-20   25                  true      false
R2           Z1           2024-03-21   75                  true      false
R3           Z2           2024-03-20   75                  true      false
R4           Z3           2024-03-20   100                 true      false
R5           Z3           2024-03-20   0                   false     false
"""
COMPLAINTS = """
complaint_id  customer_id  received_on
T1            Z1           2024-03-05
T4            Z2           2024-03-25
"""
PERIODS = """
period      cut
2024-03-01  company
"""


def test_complainants_beside_others():
    """One of two complainants stayed; of three customers in March two: a fourth died later, a fifth had left before."""
    rows = mart(
        "service_recovery",
        {
            "core.complaint_recovery": RECOVERED,
            "core.customers": CUSTOMERS,
            "core.survey_responses": ANSWERS,
            "core.complaints": COMPLAINTS,
            "kpi.monthly": PERIODS,
        },
    )
    assert_rows(
        rows,
        """
        measure             n_complainants  complainants  n_others  others  verdict
        retained_12m_share  2               0.5           1         1       under 20 on a side
        satisfaction_score  2               50            2         87.5    under 20 on a side
        """,
    )
