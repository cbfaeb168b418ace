/*
The published numbers of complaints received and closed are those of core.complaints, merged contacts left
out. If not, a month was counted from other facts than are published with it.
severity: critical
tables: kpi.monthly
*/
WITH days AS (
    SELECT 'complaints_received_count' AS kpi, received_on AS counted_on, cases FROM core.complaints WHERE NOT is_merged
    UNION ALL
    SELECT 'complaints_closed_count', closed_on, cases FROM core.complaints WHERE NOT is_merged
),
counted AS (
    SELECT kpi, CAST(date_trunc('month', counted_on) AS DATE) AS period, sum(cases) AS n
    FROM days
    WHERE counted_on IS NOT NULL
    GROUP BY kpi, period
)
SELECT kpi, period, value, coalesce(counted.n, 0) AS counted
FROM kpi.monthly
LEFT JOIN counted USING (kpi, period)
WHERE kpi IN ('complaints_received_count', 'complaints_closed_count') AND cut = 'company'
    AND value <> coalesce(counted.n, 0) AND as_of = (SELECT as_of FROM staging.as_of)
