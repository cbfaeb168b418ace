/*
Periods of one KPI follow different definitions and must not be read as one series; rerun the older ones.
severity: warning
tables: kpi.monthly, kpi.periodic, kpi.windows
*/
SELECT kpi, count(DISTINCT definition_version) AS definitions, min(period), max(period)
FROM {batch}
GROUP BY kpi
HAVING definitions > 1
