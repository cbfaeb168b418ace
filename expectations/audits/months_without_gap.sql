/*
Between the first and the last month there is one of which nothing is known; changes on the month before are
empty there. Rerun the missing months.
severity: warning
tables: kpi.monthly
*/
WITH months AS (
    SELECT CAST(unnest(generate_series(min(period), max(period), INTERVAL 1 MONTH)) AS DATE) AS period
    FROM kpi.monthly
)
SELECT period FROM months ANTI JOIN kpi.monthly USING (period)
