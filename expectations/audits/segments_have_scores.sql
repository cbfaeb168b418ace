/*
Segments of a cut have no index where the company has one: too few of their cases, or none, are behind its KPIs. Give
the framework longer windows for small segments or let it shrink them (if_small), or cut the company into larger ones.
A cut that a KPI of the framework is not divided by, as policies are not by the channel of a service, has no index by
its nature.
severity: warning
tables: index.nodes
*/
WITH company AS (
    SELECT DISTINCT framework, framework_version, period
    FROM index.scores
    WHERE level = 0 AND cut = 'company' AND score IS NOT NULL
),
segments AS (
    SELECT framework, framework_version, cut, segment, count(*) AS n_months, count(score) AS n_scored
    FROM index.scores
    SEMI JOIN company USING (framework, framework_version, period)
    WHERE level = 0 AND cut <> 'company' AND segment <> 'unknown' AND status <> 'no_data'
    GROUP BY framework, framework_version, cut, segment
),
undivided AS (
    SELECT DISTINCT framework, framework_version, cut
    FROM (
        SELECT framework, framework_version, cut, kpi
        FROM index.nodes
        WHERE kpi IS NOT NULL AND weight > 0 AND cut <> 'company'
        GROUP BY framework, framework_version, cut, kpi
        HAVING count(*) = count(CASE WHEN status = 'no_data' THEN 1 END)
    ) AS empty
    SEMI JOIN (
        SELECT framework, framework_version, kpi FROM index.nodes WHERE cut = 'company' AND score IS NOT NULL
    ) AS scored USING (framework, framework_version, kpi)
),
cuts AS (
    SELECT
        framework,
        framework_version,
        cut,
        count(*) AS n_segments,
        sum(n_months) - sum(n_scored) AS n_without_score,
        sum(n_months) AS n_months,
        min_by(segment, (n_scored / n_months, segment)) AS segment
    FROM segments
    ANTI JOIN undivided USING (framework, framework_version, cut)
    GROUP BY framework, framework_version, cut
    HAVING n_without_score > 0.1 * sum(n_months)
),
missing AS (
    SELECT
        framework,
        framework_version,
        cut,
        kpi,
        min(status) AS status,
        count(*) AS n_missing,
        median(n) AS cases,
        any_value(minimum) AS minimum
    FROM index.nodes
    SEMI JOIN company USING (framework, framework_version, period)
    WHERE kpi IS NOT NULL AND weight > 0 AND score IS NULL AND segment <> 'unknown' AND cut <> 'company'
    GROUP BY framework, framework_version, cut, kpi
    QUALIFY row_number() OVER (
        PARTITION BY framework, framework_version, cut ORDER BY n_missing DESC, kpi
    ) = 1
)
SELECT
    framework,
    framework_version,
    cut,
    n_without_score AS months_without_score,
    n_months AS months_of_segments,
    round(100 * n_without_score / n_months) AS percent,
    segment AS for_example,
    kpi AS most_often_missing,
    status,
    cases AS cases_median,
    minimum
FROM cuts
LEFT JOIN missing USING (framework, framework_version, cut)
