/*
Did it help: each action with its state, its KPI before and after, the change of the others, signals since, and a
verdict that a run of bad luck before it cannot make.
grain: action_id
owner: service quality
example:
    SELECT action_id, title, segment, state, before, after, effect, effect_low, effect_high, verdict
    FROM marts.actions
    ORDER BY opened_on DESC
*/
WITH since AS (
    SELECT
        actions.action_id,
        max(signals.period) AS period,
        arg_max(signals.rule, signals.period) AS rule,
        arg_max(signals.is_good, signals.period) AS is_good
    FROM core.actions AS actions
    JOIN kpi.signals AS signals
        ON signals.kpi = actions.kpi
        AND signals.basis = actions.basis
        AND signals.cut = actions.cut
        AND signals.segment = actions.segment
        AND signals.period > actions.done_on
    WHERE signals.is_signal
    GROUP BY actions.action_id
)
SELECT
    actions.action_id,  -- The action.
    actions.title,  -- What is done.
    actions.kind,  -- training, process, staffing or system.
    actions.kpi,  -- KPI that it is to change.
    actions.basis,  -- cohort, period or stock.
    actions.cut,  -- What the segment is one of.
    actions.segment,  -- Where it is done.
    actions.owner,  -- The desk or role that answers for it.
    actions.trigger,  -- What set it off, as delivered.
    actions.opened_on,  -- Day it was decided on.
    actions.due_on,  -- Day by which it is to be done.
    actions.done_on,  -- Day it was done.
    CASE
        WHEN effects.verdict IN ('helped', 'worse', 'not_separable') THEN 'checked'
        WHEN actions.done_on IS NOT NULL THEN 'done'
        WHEN actions.is_overdue THEN 'overdue'
        ELSE 'open'
    END AS state,  -- open, overdue, done, or checked: there are months enough for a verdict.
    actions.target,  -- Value that is aimed at.
    effects.unit,  -- Unit of the KPI.
    effects.trigger_period,  -- Month that set it off.
    effects.trigger_rule,  -- Rule of the signal that set it off.
    effects.compared_with,  -- Months before: after_opening or before_trigger.
    effects.before_from,  -- First month before.
    effects.before_to,  -- Last month before.
    effects.months_before,  -- Months before.
    effects.after_from,  -- First month after.
    effects.after_to,  -- Last month after.
    effects.months_after,  -- Months after.
    effects.months_needed,  -- Months after with which it is judged.
    effects.fewest_cases,  -- Cases of the month with the fewest, of those compared.
    effects.before,  -- Mean of the months before.
    effects.before_low,  -- Lower end of its 95 % interval.
    effects.before_high,  -- Upper end of its 95 % interval.
    effects.after,  -- Mean of the months after.
    effects.after_low,  -- Lower end of its 95 % interval.
    effects.after_high,  -- Upper end of its 95 % interval.
    effects.is_alone,  -- No other segment to compare with.
    effects.others_after - effects.others_before AS others_change,  -- Change of the other segments together.
    effects.effect,  -- Change less the change of the others.
    effects.effect_low,  -- Lower end of its 95 % interval.
    effects.effect_high,  -- Upper end of its 95 % interval.
    effects.power,  -- Probability with which the change that its target asks for would be called helped.
    since.period AS signal_period,  -- Newest month with a signal since it was done.
    since.rule AS signal_rule,  -- Its rule.
    since.is_good AS signal_is_good,  -- Whether that signal is for the better.
    effects.verdict,  -- helped, not_separable (from noise), too_early or worse.
    actions.decision  -- What was decided once it was checked.
FROM core.actions AS actions
LEFT JOIN kpi.action_effects AS effects ON effects.action_id = actions.action_id
LEFT JOIN since ON since.action_id = actions.action_id
