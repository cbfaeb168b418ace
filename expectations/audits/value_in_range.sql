/*
A value or a limit of its interval is one that its unit cannot have: a share outside 0 to 1, a score outside 0 to 100,
days below 0.
severity: critical
tables: kpi.monthly, kpi.periodic, kpi.windows
*/
SELECT COLUMNS('^(kpi|basis|grain|period|cut|segment|unit|ci_low|value|ci_high|lowest|highest|n)$')
FROM {batch}
LEFT JOIN catalog.units USING (unit)
WHERE value IS NOT NULL
    AND (
        lowest IS NULL
        OR NOT isfinite(value)
        OR least(value, ci_low, ci_high) < lowest
        OR greatest(value, ci_low, ci_high) > highest
    )
