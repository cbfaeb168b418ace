/*
Every claim with an event known on the as-of day is in core.claims. A claim that got lost is in no KPI, and
nobody misses it.
severity: critical
tables: core.claims
*/
SELECT claim_id, count(*) AS events, min(event_at) AS first_event_at
FROM latest.claim_events
ANTI JOIN core.claims USING (claim_id)
WHERE event_at < (SELECT ends_at FROM staging.as_of)
GROUP BY claim_id
