/*
Numbers of cases are missing or below zero, so nobody can tell how much a value is worth. Of delivered indicators
the number may be unknown.
severity: critical
tables: kpi.monthly, kpi.periodic, kpi.windows
*/
SELECT COLUMNS('^(kpi|basis|grain|period|cut|segment|window_months|n|n_excluded|n_undetermined)$')
FROM {batch}
WHERE (n IS NULL AND kpi NOT IN (SELECT indicator FROM core.indicator_values))
    OR n_excluded IS NULL
    OR n_undetermined IS NULL
    OR least(n, n_excluded, n_undetermined) < 0
