/*
In every segment, spells of claims open at the start of a month, plus those reported and reopened in it, less those
ended by each outcome, are those open at its end. If not, claims appear, vanish or change their branch on the way.
severity: critical
tables: kpi.monthly
*/
WITH moves AS (
    SELECT
        cut,
        segment,
        period,
        sum(numerator) FILTER (kpi = 'claim_backlog_count') AS closing,
        sum(numerator) FILTER (kpi IN ('claims_reported_count', 'claims_reopened_count')) AS entered,
        sum(numerator) FILTER (kpi LIKE 'claims\_closed\_%\_count' ESCAPE '\') AS ended
    FROM kpi.monthly
    WHERE as_of = (SELECT as_of FROM staging.as_of) AND status <> 'not_applicable'
    GROUP BY cut, segment, period
),
balance AS (
    SELECT
        *,
        lag(closing) OVER months AS opening,
        lag(period) OVER months AS period_before
    FROM moves
    WINDOW months AS (PARTITION BY cut, segment ORDER BY period)
)
SELECT cut, segment, period, opening, entered, ended, closing
FROM balance
WHERE period_before = period - INTERVAL 1 MONTH
    AND opening + coalesce(entered, 0) - coalesce(ended, 0) <> closing
