/*
A record on an unknown basis or of unknown status is compared with what it cannot be compared with, or is shown or
hidden by accident.
severity: critical
tables: kpi.monthly, kpi.periodic, kpi.windows
*/
SELECT COLUMNS('^(kpi|basis|grain|period|cut|segment|window_months|status)$')
FROM {batch}
WHERE basis NOT IN ('cohort', 'period', 'stock')
    OR status IS NULL
    OR status NOT IN ('ok', 'low_n', 'suppressed', 'immature', 'no_data', 'not_applicable')
