/*
Complaints received after the as-of day are in no KPI; a year may be mistyped, or the as-of day too early.
severity: warning
tables: raw.complaints
*/
SELECT _load_id, _line, complaint_id, received_on
FROM raw.complaints
WHERE received_on > (SELECT as_of FROM staging.as_of)
    AND (recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.as_of))
