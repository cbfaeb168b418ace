/*
What is told otherwise than in the last published version: KPIs and parts of the index, before and now, and why.
A record that was not published before, or is no longer made, is no restatement; what was said of it is in kpi.history.
grain: measure, framework_version, basis, cut, segment, period
owner: service quality
example:
    SELECT measure, why, count(*) AS restated_records
    FROM marts.restatements
    WHERE kind = 'kpi'
    GROUP BY measure, why
    ORDER BY restated_records DESC
*/
WITH kpis AS (
    SELECT
        now.*,
        before.published_at AS published_before_at,
        before.definition_version AS definition_version_before,
        before.status AS status_before,
        before.value AS value_before,
        -- What grows with every case that becomes known: of shares and means the cases, of rates and counts the events.
        CASE WHEN now.unit LIKE 'per_%' OR now.unit = 'count' THEN now.numerator ELSE now.denominator END AS size,
        CASE WHEN now.unit LIKE 'per_%' OR now.unit = 'count' THEN before.numerator ELSE before.denominator END
            AS size_before,
        before.status = 'immature' OR before.as_of < last_day(now.period) AS was_incomplete
    FROM kpi.monthly AS now
    INNER JOIN staging.published_kpis AS before
        ON before.kpi = now.kpi
        AND before.basis = now.basis
        AND before.cut = now.cut
        AND before.segment = now.segment
        AND before.period = now.period
    WHERE before.definition_version IS DISTINCT FROM now.definition_version
        OR before.status IS DISTINCT FROM now.status
        OR before.value IS DISTINCT FROM now.value
        OR before.numerator IS DISTINCT FROM now.numerator
        OR before.denominator IS DISTINCT FROM now.denominator
)
SELECT
    kpi AS measure,  -- KPI, or framework and part of the index as in life_default index.
    'kpi' AS kind,  -- kpi or index.
    '' AS framework_version,  -- Version of the framework; empty for a KPI.
    basis,  -- cohort, period or stock; of the index: period.
    cut,  -- What the company is divided by; company: the whole.
    segment,  -- The part of the cut.
    period,  -- First day of the month.
    unit,  -- Unit of the values.
    status_before,  -- Status that was published before.
    status AS status_after,  -- Status now.
    value_before,  -- Value that was published before.
    value AS value_after,  -- Value now.
    value - value_before AS change_points,  -- Now less before, in the unit.
    n,  -- Cases now; empty for the index.
    published_before_at,  -- When what stands here as before was first published.
    CASE
        WHEN definition_version_before IS DISTINCT FROM definition_version THEN 'definition'
        WHEN was_incomplete THEN 'completion'
        WHEN coalesce(size, 0) > coalesce(size_before, 0) THEN 'late data'
        ELSE 'correction'
    END AS why  -- definition: another version of it; completion: the month or its cases were not complete yet; late data: more cases are known; correction: as many or fewer, recorded otherwise; measures: of the index, since its measures changed.
FROM kpis
UNION ALL
SELECT
    now.framework || ' ' || now.node AS measure,
    'index' AS kind,
    now.framework_version,
    'period' AS basis,
    now.cut,
    now.segment,
    now.period,
    'score_0_100' AS unit,
    before.status AS status_before,
    now.status AS status_after,
    before.score AS value_before,
    now.score AS value_after,
    now.score - before.score AS change_points,
    CAST(NULL AS BIGINT) AS n,
    before.published_at AS published_before_at,
    'measures' AS why
FROM index.scores AS now
INNER JOIN staging.published_scores AS before
    ON before.framework = now.framework
    AND before.framework_version = now.framework_version
    AND before.period = now.period
    AND before.cut = now.cut
    AND before.segment = now.segment
    AND before.node = now.node
WHERE before.status IS DISTINCT FROM now.status
    OR before.score IS DISTINCT FROM now.score
    OR before.coverage IS DISTINCT FROM now.coverage
    OR before.grade IS DISTINCT FROM now.grade
