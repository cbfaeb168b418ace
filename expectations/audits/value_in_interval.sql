/*
A value lies outside its own 95 % interval; one of them is computed wrongly.
severity: warning
tables: kpi.monthly, kpi.periodic, kpi.windows
*/
SELECT COLUMNS('^(kpi|basis|grain|period|cut|segment|ci_low|value|ci_high)$')
FROM {batch}
WHERE value < ci_low - 1e-9 * greatest(1, abs(value))
    OR value > ci_high + 1e-9 * greatest(1, abs(value))
    OR ci_low > ci_high
