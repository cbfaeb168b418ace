-- Claim events in their latest version; instants are local. One row per event.
WITH repeated AS (
    SELECT event_id FROM staging.claim_events_delivered GROUP BY event_id HAVING count(*) > 1
)
SELECT * FROM staging.claim_events_delivered ANTI JOIN repeated USING (event_id)
UNION ALL
SELECT * FROM staging.claim_events_delivered SEMI JOIN repeated USING (event_id)
QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY recorded_at DESC NULLS LAST) = 1
