/*
Every action opened by the as-of day and known then is in core.actions. An action that got lost is not followed up, and
nobody misses it.
severity: critical
tables: core.actions
*/
SELECT action_id, opened_on
FROM latest.actions
ANTI JOIN core.actions USING (action_id)
WHERE opened_on <= (SELECT as_of FROM staging.as_of)
