/*
Every finding of an audit by the as-of day and known then is in core.audits. A finding that got lost is in no KPI, and
nobody misses it.
severity: critical
tables: core.audits
*/
SELECT audit_id, audited_on
FROM latest.audits
ANTI JOIN core.audits USING (audit_id)
WHERE audited_on <= (SELECT as_of FROM staging.as_of)
