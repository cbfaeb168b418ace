-- The measured columns of the KPIs of complaints. One row per KPI, basis, cut, segment and month.
WITH cases AS (
    SELECT
        *,
        sequence_fault IS NULL AS counts,
        coalesce(decided_on, withdrawn_on, (SELECT as_of FROM staging.run)) - received_on AS seen_days
    FROM core.complaints
    WHERE NOT is_merged
),
placed AS (
    SELECT 'cohort' AS basis, date_trunc('month', received_on) AS period, * FROM cases
    UNION ALL
    SELECT 'period', date_trunc('month', closed_on), * FROM cases
),
wanted AS (
    SELECT * FROM placed WHERE period IN (SELECT period FROM staging.periods)
),
sums AS (
    SELECT
        basis,
        period,
        CASE
            WHEN grouping(org_unit) = 0 THEN 'org_unit' WHEN grouping(region) = 0 THEN 'region'
            WHEN grouping(product_line) = 0 THEN 'product_line' WHEN grouping(channel) = 0 THEN 'channel'
            WHEN grouping(age_band) = 0 THEN 'age_band' ELSE 'company'
        END AS cut,
        coalesce(org_unit, region, product_line, channel, age_band, 'company') AS segment,
        count(*) AS cases,
        count(*) FILTER (NOT counts) AS faulty,
        count(*) FILTER (counts AND outcome IS DISTINCT FROM 'withdrawn') AS not_withdrawn,
        count(*) FILTER (counts AND outcome IS DISTINCT FROM 'withdrawn' AND decided_on IS NOT NULL) AS resolved,
        count(*) FILTER (counts AND decided_on IS NOT NULL AND seen_days BETWEEN 0 AND 30) AS met,
        count(*) FILTER (counts AND seen_days > 30) AS breached,
        count(*) FILTER (counts AND decided_on IS NULL AND seen_days BETWEEN 0 AND 30) AS undetermined,
        quantile_cont(CAST(received_to_closed_days AS DOUBLE), [0.5, 0.9]) FILTER (counts) AS closed_quantiles,
        count(received_to_closed_days) FILTER (counts) AS closed,
        count(*) FILTER (counts AND received_to_closed_days IS NULL) AS not_closed,
        count(*) FILTER (outcome IN ('upheld', 'partly_upheld')) AS upheld,
        count(*) FILTER (outcome IN ('upheld', 'partly_upheld', 'not_upheld')) AS decided
    FROM wanted
    GROUP BY GROUPING SETS (
        (basis, period), (basis, period, org_unit), (basis, period, region), (basis, period, product_line),
        (basis, period, channel), (basis, period, age_band)
    )
),
rates AS (
    SELECT
        stocks.cut, stocks.segment, stocks.period, coalesce(cases, 0) AS cases, closing + gone AS at_risk
    FROM measured.stocks AS stocks
    LEFT JOIN sums
        ON sums.basis = 'cohort' AND sums.cut = stocks.cut AND sums.segment = stocks.segment
        AND sums.period = stocks.period
    WHERE stocks.flow = 'policies'
)
SELECT
    CASE basis WHEN 'cohort' THEN 'complaints_received_count' ELSE 'complaints_closed_count' END AS kpi,
    basis, cut, segment, period,
    CAST(cases AS DOUBLE) AS numerator, CAST(NULL AS DOUBLE) AS denominator, CAST(cases AS DOUBLE) AS value,
    CAST(NULL AS DOUBLE) AS ci_low, CAST(NULL AS DOUBLE) AS ci_high,
    CAST(cases AS BIGINT) AS n, CAST(0 AS BIGINT) AS n_undetermined, CAST(0 AS BIGINT) AS n_excluded
FROM sums
UNION ALL
SELECT 'complaint_resolved_share', basis, cut, segment, period,
    resolved, not_withdrawn, resolved / nullif(not_withdrawn, 0), NULL, NULL, not_withdrawn, 0, faulty
FROM sums WHERE basis = 'cohort'
UNION ALL
SELECT 'complaint_resolved_within_30_days_share', basis, cut, segment, period,
    met, met + breached, met / nullif(met + breached, 0), NULL, NULL, met + breached, undetermined, faulty
FROM sums
UNION ALL
SELECT 'complaint_received_to_closed_days_median', basis, cut, segment, period,
    NULL, closed, closed_quantiles[1], NULL, NULL, closed, not_closed, faulty
FROM sums
UNION ALL
SELECT 'complaint_received_to_closed_days_p90', basis, cut, segment, period,
    NULL, closed, closed_quantiles[2], NULL, NULL, closed, not_closed, faulty
FROM sums
UNION ALL
SELECT 'complaint_upheld_share', basis, cut, segment, period,
    upheld, decided, upheld / nullif(decided, 0), NULL, NULL, decided, 0, 0
FROM sums
UNION ALL
SELECT 'complaints_per_10k_policies', 'cohort', cut, segment, period,
    cases, at_risk / 10_000, cases / nullif(at_risk / 10_000, 0), NULL, NULL, at_risk, 0, 0
FROM rates
