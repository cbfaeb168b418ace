/*
Every claim with an event known on the as-of day is in core.claims. A claim that got lost is in no KPI, and
nobody misses it.
severity: critical
tables: core.claims
*/
WITH missing AS (
    SELECT DISTINCT claim_id FROM known.claim_events ANTI JOIN core.claims USING (claim_id)
)
SELECT claim_id, count(*) AS events, min(event_at) AS first_event_at
FROM latest.claim_events
SEMI JOIN missing USING (claim_id)
-- Which version is the latest is dear to say, and only asked where something is missing.
WHERE (SELECT count(*) > 0 FROM missing) AND event_at < (SELECT ends_at FROM staging.as_of)
GROUP BY claim_id
