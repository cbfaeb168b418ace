/*
Events after the as-of day, though known by then, are in no KPI; a year may be mistyped, or the as-of day too
early.
severity: warning
tables: raw.claim_events
*/
SELECT _load_id, _line, claim_id, event, event_at
FROM raw.claim_events
WHERE event_at >= (SELECT ends_at FROM staging.as_of)
    AND (recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.as_of))
