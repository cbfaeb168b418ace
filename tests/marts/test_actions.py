from mart_examples import assert_rows, mart

ACTIONS = """
action_id  kpi   segment  opened_on   done_on     is_overdue
A1         paid  north    2025-01-10  2025-02-10  false
A2         paid  south    2025-01-10  2025-04-10  false
A3         paid  south    2025-01-10  -           true
A4         -     -        2025-01-10  -           false
A5         -     -        2025-01-10  2025-01-20  false
"""
EFFECTS = """
action_id  verdict    effect  others_before  others_after
A1         helped     0.1     0.8            0.75
A2         too_early  -       -              -
A3         -          -       -              -
"""
SIGNALS = """
kpi   segment  period      is_signal  is_good  rule
paid  north    2025-02-01  true       false    run_of_8
paid  north    2025-04-01  true       true     beyond_limits
paid  north    2025-05-01  true       true     run_of_8
paid  north    2025-06-01  false      -        -
"""


def test_state_verdict_and_signals_since_it_was_done():
    tables = {"core.actions": ACTIONS, "kpi.action_effects": EFFECTS, "kpi.signals": SIGNALS}
    assert_rows(
        mart("actions", tables, basis="cohort", cut="org_unit"),
        """
        action_id  state    verdict    others_change  signal_period  signal_rule  signal_is_good
        A1         checked  helped     -0.05          2025-05-01     run_of_8     true
        A2         done     too_early  -              -              -            -
        A3         overdue  -          -              -              -            -
        A4         open     -          -              -              -            -
        A5         done     -          -              -              -            -
        """,
    )
