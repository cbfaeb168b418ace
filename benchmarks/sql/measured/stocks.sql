-- Policies in force and claims open, those of impossible dates apart, at both ends of each month. One row per flow, cut, segment and month.
WITH cases AS (
    SELECT 'policies' AS flow, issued_on AS entered_on, ended_on AS left_on,
        org_unit, region, product_line, channel, age_band
    FROM core.policies
    UNION ALL
    SELECT
        CASE WHEN sequence_fault IS NULL THEN 'claims' ELSE 'faulty_claims' END,
        reported_on, ended_on, org_unit, region, product_line, channel, age_band
    FROM core.claims
    WHERE spell_no = 1 AND outcome IS DISTINCT FROM 'cancelled' AND reported_on IS NOT NULL
),
moves AS (
    SELECT flow, date_trunc('month', entered_on) AS month, 1 AS entered, 0 AS gone,
        org_unit, region, product_line, channel, age_band
    FROM cases
    UNION ALL
    SELECT flow, date_trunc('month', left_on), 0, 1, org_unit, region, product_line, channel, age_band
    FROM cases
    WHERE left_on IS NOT NULL
),
monthly AS (
    SELECT
        flow,
        month,
        CASE
            WHEN grouping(org_unit) = 0 THEN 'org_unit' WHEN grouping(region) = 0 THEN 'region'
            WHEN grouping(product_line) = 0 THEN 'product_line' WHEN grouping(channel) = 0 THEN 'channel'
            WHEN grouping(age_band) = 0 THEN 'age_band' ELSE 'company'
        END AS cut,
        coalesce(org_unit, region, product_line, channel, age_band, 'company') AS segment,
        sum(entered) AS entered,
        sum(gone) AS gone
    FROM moves
    GROUP BY GROUPING SETS (
        (flow, month), (flow, month, org_unit), (flow, month, region), (flow, month, product_line),
        (flow, month, channel), (flow, month, age_band)
    )
),
flows AS (SELECT unnest(['policies', 'claims', 'faulty_claims']) AS flow)
SELECT
    flows.flow,
    segments.cut,
    segments.segment,
    periods.period,
    CAST(coalesce(sum(entered - gone) FILTER (month < period), 0) AS BIGINT) AS opening,
    CAST(coalesce(sum(gone) FILTER (month = period), 0) AS BIGINT) AS gone,
    CAST(coalesce(sum(entered - gone), 0) AS BIGINT) AS closing
FROM flows
CROSS JOIN measured.segments AS segments
CROSS JOIN staging.periods AS periods
LEFT JOIN monthly
    ON monthly.flow = flows.flow
    AND monthly.cut = segments.cut
    AND monthly.segment = segments.segment
    AND monthly.month <= periods.period
GROUP BY ALL
