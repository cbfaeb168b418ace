-- The measured columns of the KPIs of surveys. One row per KPI, basis, cut, segment and month.
WITH scores AS (
    SELECT
        date_trunc('month', answered_on) AS period,
        dimension,
        CASE
            WHEN grouping(org_unit) = 0 THEN 'org_unit' WHEN grouping(region) = 0 THEN 'region'
            WHEN grouping(product_line) = 0 THEN 'product_line' WHEN grouping(channel) = 0 THEN 'channel'
            WHEN grouping(age_band) = 0 THEN 'age_band' ELSE 'company'
        END AS cut,
        coalesce(org_unit, region, product_line, channel, age_band, 'company') AS segment,
        count(perception_score) FILTER (is_valid) AS n,
        sum(perception_score) FILTER (is_valid) AS total,
        count(perception_score) FILTER (NOT is_valid) AS careless,
        count(gap_points) FILTER (is_valid) AS gap_n,
        sum(gap_points) FILTER (is_valid) AS gap_total,
        count(*) FILTER (NOT is_valid) AS gap_careless
    FROM core.survey_scores
    WHERE NOT is_audit
        AND dimension IN ('tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy')
    GROUP BY GROUPING SETS (
        (period, dimension), (period, dimension, org_unit), (period, dimension, region),
        (period, dimension, product_line), (period, dimension, channel), (period, dimension, age_band)
    )
),
means AS (
    SELECT
        *,
        total / nullif(n, 0) AS mean,
        gap_total / nullif(gap_n, 0) AS gap_mean
    FROM scores
),
gaps AS (
    SELECT
        period, cut, segment,
        CASE WHEN count(gap_mean) = 5 THEN sum(gap_mean) / 5 END AS value,
        CASE WHEN count(*) = 5 THEN min(gap_n) ELSE 0 END AS n,
        sum(gap_careless) AS careless
    FROM means
    GROUP BY period, cut, segment
),
promoters AS (
    SELECT
        date_trunc('month', answered_on) AS period,
        CASE
            WHEN grouping(org_unit) = 0 THEN 'org_unit' WHEN grouping(region) = 0 THEN 'region'
            WHEN grouping(product_line) = 0 THEN 'product_line' WHEN grouping(channel) = 0 THEN 'channel'
            WHEN grouping(age_band) = 0 THEN 'age_band' ELSE 'company'
        END AS cut,
        coalesce(org_unit, region, product_line, channel, age_band, 'company') AS segment,
        count(*) FILTER (is_valid AND nps_score >= 9) AS promoters,
        count(*) FILTER (is_valid AND nps_score <= 6) AS detractors,
        count(*) FILTER (is_valid) AS n,
        count(*) FILTER (NOT is_valid) AS careless
    FROM core.survey_responses
    WHERE NOT is_audit AND nps_score IS NOT NULL
    GROUP BY GROUPING SETS (
        (period), (period, org_unit), (period, region), (period, product_line), (period, channel), (period, age_band)
    )
),
adjusted AS (
    -- z² = 3.8415 pseudo-answers, a quarter promoters and a quarter detractors (Agresti and Coull 1998).
    SELECT
        *,
        n + 3.841458820694124 AS answers,
        (promoters - detractors) / answers AS centre,
        1.959963984540054 * sqrt(
            greatest((promoters + detractors + 3.841458820694124 / 2) / answers - centre ** 2, 0) / answers
        ) AS error
    FROM promoters
)
SELECT
    'servperf_' || dimension || '_score' AS kpi, 'period' AS basis, cut, segment, period,
    CAST(coalesce(total, 0) AS DOUBLE) AS numerator, CAST(n AS DOUBLE) AS denominator, CAST(mean AS DOUBLE) AS value,
    CAST(NULL AS DOUBLE) AS ci_low, CAST(NULL AS DOUBLE) AS ci_high,
    CAST(n AS BIGINT) AS n, CAST(0 AS BIGINT) AS n_undetermined, CAST(careless AS BIGINT) AS n_excluded
FROM means
UNION ALL
SELECT 'servqual_gap_points', 'period', cut, segment, period,
    NULL, NULL, value, NULL, NULL, n, 0, careless
FROM gaps
UNION ALL
SELECT 'nps_points', 'period', cut, segment, period,
    promoters - detractors, n, 100 * (promoters - detractors) / nullif(n, 0),
    CASE WHEN n > 0 THEN greatest(100 * (centre - error), -100) END,
    CASE WHEN n > 0 THEN least(100 * (centre + error), 100) END,
    n, 0, careless
FROM adjusted
