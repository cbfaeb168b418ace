/*
An action names a KPI, basis, cut and segment of which no month has a value: whether it helped can never be said. A code
may be mistyped, or the basis be another (cohort where none is given).
severity: warning
tables: kpi.action_effects
*/
SELECT action_id, kpi, basis, cut, segment
FROM kpi.action_effects
WHERE unit IS NULL
