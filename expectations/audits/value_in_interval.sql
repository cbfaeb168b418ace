/*
A value lies outside its own 95 % interval, or the interval outside the range of the unit; one of them is computed
wrongly.
severity: warning
tables: kpi.monthly, kpi.periodic, kpi.windows
*/
SELECT COLUMNS('^(kpi|basis|grain|period|cut|segment|ci_low|value|ci_high)$')
FROM {batch}
LEFT JOIN catalog.units USING (unit)
WHERE value < ci_low - 1e-9 * greatest(1, abs(value))
    OR value > ci_high + 1e-9 * greatest(1, abs(value))
    OR ci_low > ci_high
    OR ci_low < lowest
    OR ci_high > highest
