/*
The contributions of the KPIs sum to the change of the index, for every segment that has an index in both months, or in
both of the longer periods that a framework is of. If not, people are told wrong reasons for it.
severity: critical
tables: index.contributions
*/
WITH reasons AS (
    SELECT
        framework,
        framework_version,
        cut,
        segment,
        period,
        any_value(period_from) AS period_from,
        sum(total_points) FILTER (kpi IS NOT NULL) AS explained,
        sum(total_points) FILTER (node = 'index') AS of_index
    FROM index.contributions
    GROUP BY framework, framework_version, cut, segment, period
),
changes AS (
    SELECT now.framework, now.framework_version, now.cut, now.segment, now.period, now.score - before.score AS change
    FROM index.scores AS now
    LEFT JOIN reasons USING (framework, framework_version, cut, segment, period)
    JOIN index.scores AS before
        ON before.framework = now.framework
        AND before.framework_version = now.framework_version
        AND before.cut = now.cut
        AND before.segment = now.segment
        AND before.node = now.node
        AND before.period = coalesce(reasons.period_from, now.period - INTERVAL 1 MONTH)
    -- A place among segments (outranking) is made up of no points.
    WHERE now.level = 0 AND now.status <> 'placed' AND now.score IS NOT NULL AND before.score IS NOT NULL
)
SELECT framework, framework_version, cut, segment, period, change, explained, of_index
FROM changes
FULL JOIN reasons USING (framework, framework_version, cut, segment, period)
WHERE coalesce(abs(change - explained) > 1e-9 OR abs(change - of_index) > 1e-9, TRUE)
