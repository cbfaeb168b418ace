/*
Every claim with an event known on the as-of day is in core.claims. A claim that got lost is in no KPI, and
nobody misses it.
severity: critical
tables: core.claims
*/
WITH missing AS (
    SELECT event_id FROM raw.claim_events ANTI JOIN core.claims USING (claim_id)
),
latest AS (
    SELECT claim_id, event_id, event_at
    FROM raw.claim_events
    SEMI JOIN missing USING (event_id)
    WHERE recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.as_of)
    QUALIFY row_number() OVER (
        PARTITION BY event_id ORDER BY recorded_at DESC NULLS LAST, _load_id DESC, _line DESC
    ) = 1
)
SELECT claim_id, count(*) AS events, min(event_at) AS first_event_at
FROM latest
ANTI JOIN core.claims USING (claim_id)
WHERE event_at < (SELECT ends_at FROM staging.as_of)
GROUP BY claim_id
