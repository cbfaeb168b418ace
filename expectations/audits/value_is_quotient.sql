/*
A share or rate that is not its numerator over its denominator cannot be explained. An indicator may be delivered without the two.
severity: critical
tables: kpi.monthly, kpi.periodic, kpi.windows
*/
SELECT COLUMNS('^(kpi|basis|grain|period|cut|segment|numerator|denominator|value)$')
FROM {batch}
JOIN catalog.units USING (unit)
WHERE is_quotient
    AND kpi NOT IN (SELECT indicator FROM core.indicator_values)
    AND value IS NOT NULL
    AND coalesce(abs(value - numerator / denominator) > 1e-9 * greatest(1, abs(value)), TRUE)
