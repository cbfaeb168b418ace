/*
Contacts after the as-of day, though known by then, are in no KPI; a year may be mistyped, or the as-of day too early.
severity: warning
tables: raw.contacts
*/
SELECT _load_id, _line, contact_id, offered_at
FROM raw.contacts
WHERE offered_at >= (SELECT ends_at FROM staging.as_of)
    AND (recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.as_of))
