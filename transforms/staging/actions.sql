/*
Actions with the segment of each and the day of the feedback that it answers, in the latest state known on the as-of
date.
grain: action_id
owner: service quality
*/
SELECT
    actions.action_id,  -- The action.
    actions.title,  -- What is done.
    actions.kind,  -- training, process, staffing or system.
    actions.opened_on,  -- Day it was decided on.
    actions.kpi,  -- KPI that it is to change.
    actions.basis,  -- cohort, period or stock.
    actions.cut,  -- What the segment is one of.
    actions.segment,  -- Where it is done.
    actions.trigger,  -- What set it off.
    actions.owner,  -- The desk or role that answers for it.
    actions.due_on,  -- Day by which it is to be done.
    actions.done_on,  -- Day it was done.
    actions.target,  -- Value that is aimed at.
    actions.check_after_months,  -- Months after with which it is judged.
    actions.decision,  -- What was decided once it was checked.
    actions.complaint_id,  -- The complaint that it answers.
    actions.text_id,  -- The message that it answers.
    coalesce(complaints.received_on, texts.written_on) AS feedback_on,  -- Day of the feedback that it answers.
    CASE WHEN actions.cut = 'org_unit' THEN actions.segment ELSE 'unknown' END AS org_unit,  -- Organisational unit.
    CASE
        WHEN actions.cut = 'region' THEN actions.segment
        WHEN actions.cut = 'org_unit' THEN coalesce(units.region, 'unknown')
        ELSE 'unknown'
    END AS region,  -- Region.
    CASE WHEN actions.cut = 'product_line' THEN actions.segment ELSE 'unknown' END AS product_line,  -- Product line.
    CASE WHEN actions.cut = 'channel' THEN actions.segment ELSE 'unknown' END AS channel,  -- Sales channel.
    CASE WHEN actions.cut = 'age_band' THEN actions.segment ELSE 'unknown' END AS age_band,  -- Age band.
    CASE WHEN actions.cut = 'customer_segment' THEN actions.segment ELSE 'unknown' END AS customer_segment  -- Customer segment.
FROM latest.actions AS actions
LEFT JOIN latest.complaints AS complaints ON complaints.complaint_id = actions.complaint_id
LEFT JOIN latest.texts AS texts ON texts.text_id = actions.text_id
LEFT JOIN latest.org_units AS units ON units.org_unit = actions.segment
