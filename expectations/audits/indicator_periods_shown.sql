/*
Delivered values are of periods that the project does not show: raise `months`, or add their length to `grains`.
severity: warning
tables: kpi.periodic
*/
SELECT found.grain, min(found.period) AS first, max(found.period) AS last, count(*) AS n_values
FROM core.indicator_values AS found
ANTI JOIN (
    SELECT 'month' AS grain, period FROM staging.periods
    UNION ALL
    SELECT grain, starts_on AS period FROM staging.long_periods
) AS shown ON shown.grain = found.grain AND shown.period = found.period
CROSS JOIN staging.as_of AS today
WHERE found.problem IS NULL AND found.ends_on <= today.as_of
GROUP BY found.grain
