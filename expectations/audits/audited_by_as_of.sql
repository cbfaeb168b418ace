/*
Findings of audits after the as-of day are in no KPI; a year may be mistyped, or the as-of day too early.
severity: warning
tables: raw.audits
*/
SELECT _load_id, _line, audit_id, audited_on
FROM raw.audits
WHERE audited_on > (SELECT as_of FROM staging.as_of)
    AND (recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.as_of))
