-- Policy events up to the as-of date in their latest version. One row per event.
WITH repeated AS (
    SELECT event_id FROM staging.policy_events_delivered GROUP BY event_id HAVING count(*) > 1
),
latest AS (
    SELECT * FROM staging.policy_events_delivered ANTI JOIN repeated USING (event_id)
    UNION ALL
    SELECT * FROM staging.policy_events_delivered SEMI JOIN repeated USING (event_id)
    QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY recorded_at DESC NULLS LAST) = 1
)
SELECT event_id, policy_id, event, effective_on
FROM latest
WHERE effective_on <= (SELECT as_of FROM staging.run)
