/*
Every month has a record of every KPI, basis and segment, be it only to say that there are no data. Where
one is missing, a branch or KPI silently left the series.
severity: critical
tables: kpi.monthly
*/
SELECT
    period,
    count(*) AS records,
    count(DISTINCT (kpi, basis)) AS kpis,
    count(DISTINCT (cut, segment)) AS segments
FROM kpi.monthly
GROUP BY period
HAVING records <> kpis * segments
