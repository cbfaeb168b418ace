/*
A value that is too early, too small or not there is shown as if it counted, or a good one is hidden.
severity: critical
tables: kpi.monthly, kpi.periodic, kpi.windows
*/
SELECT COLUMNS('^(kpi|basis|grain|period|cut|segment|window_months|status|value)$')
FROM {batch}
WHERE status IS NULL OR (value IS NOT NULL) <> (status IN ('ok', 'low_n'))
