/*
Every contact offered by the as-of day and known then is in core.contacts. A contact that got lost is in no KPI, and
nobody misses it.
severity: critical
tables: core.contacts
*/
SELECT contact_id, offered_at
FROM latest.contacts
ANTI JOIN core.contacts USING (contact_id)
WHERE offered_at < (SELECT ends_at FROM staging.as_of)
