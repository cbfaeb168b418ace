/*
Claims open at the start of a month, plus those reported in it, less those ended in it, are those open at
its end. If not, claims appear or vanish between two months.
severity: critical
tables: kpi.monthly
*/
WITH counted AS (
    SELECT reported_on, ended_on, cases
    FROM core.claims
    WHERE spell_no = 1 AND outcome IS DISTINCT FROM 'cancelled' AND sequence_fault IS NULL
),
moves AS (
    SELECT CAST(date_trunc('month', reported_on) AS DATE) AS period, cases AS reported, 0 AS ended FROM counted
    UNION ALL
    SELECT CAST(date_trunc('month', ended_on) AS DATE), 0, cases FROM counted WHERE ended_on IS NOT NULL
),
monthly AS (
    SELECT period, sum(reported) AS reported, sum(ended) AS ended FROM moves GROUP BY period
),
stocks AS (
    SELECT
        period,
        value AS closing,
        lag(value) OVER months AS opening,
        lag(period) OVER months AS period_before
    FROM kpi.monthly
    WHERE kpi = 'claim_open_count' AND cut = 'company' AND value IS NOT NULL
        AND as_of = (SELECT as_of FROM staging.as_of)
    WINDOW months AS (ORDER BY period)
)
SELECT period, opening, coalesce(reported, 0) AS reported, coalesce(ended, 0) AS ended, closing
FROM stocks
LEFT JOIN monthly USING (period)
WHERE period_before = period - INTERVAL 1 MONTH
    AND opening + coalesce(reported, 0) - coalesce(ended, 0) <> closing
