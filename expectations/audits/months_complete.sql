/*
Every month has a record of every KPI, basis and segment of the cuts its cases are divided by, be it only to say that
there are no data. Where one is missing, a branch or KPI silently left the series. Of delivered
indicators there are the values that were delivered.
severity: critical
tables: kpi.monthly
*/
WITH computed AS (
    SELECT * FROM kpi.monthly WHERE kpi NOT IN (SELECT indicator FROM core.indicator_values)
),
counted AS (
    SELECT kpi, basis, cut, period, count(*) AS records
    FROM computed
    GROUP BY kpi, basis, cut, period
),
expected AS (
    SELECT kpi, basis, cut, period, segments
    FROM (SELECT DISTINCT kpi, basis, cut FROM counted)
    JOIN (SELECT cut, count(DISTINCT segment) AS segments FROM computed GROUP BY cut) USING (cut)
    CROSS JOIN (SELECT DISTINCT period FROM counted)
)
SELECT kpi, basis, cut, period, coalesce(records, 0) AS records, segments
FROM expected
LEFT JOIN counted USING (kpi, basis, cut, period)
WHERE coalesce(records, 0) <> segments
