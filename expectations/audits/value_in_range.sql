/*
A value is shown that its unit cannot have: a share outside 0 to 1, a score outside 0 to 100, days below 0.
severity: critical
tables: kpi.monthly, kpi.periodic, kpi.windows
*/
SELECT COLUMNS('^(kpi|basis|grain|period|cut|segment|unit|value|lowest|highest|n)$')
FROM {batch}
LEFT JOIN catalog.units USING (unit)
WHERE value IS NOT NULL
    AND (lowest IS NULL OR NOT isfinite(value) OR value < lowest OR value > highest)
