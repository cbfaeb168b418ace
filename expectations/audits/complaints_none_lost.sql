/*
Every complaint received by the as-of day and known then is in core.complaints. A complaint that got lost is
in no KPI, and nobody misses it.
severity: critical
tables: core.complaints
*/
SELECT complaint_id, received_on
FROM latest.complaints
ANTI JOIN core.complaints USING (complaint_id)
WHERE coalesce(received_on, closed_on) <= (SELECT as_of FROM staging.as_of)
