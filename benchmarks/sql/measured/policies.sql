-- The measured columns of persistency and surrender. One row per KPI, basis, cut, segment and month.
WITH matured AS (
    SELECT
        duration_months,
        issued_month,
        max(max(matures_on)) OVER (PARTITION BY duration_months ORDER BY issued_month) AS matures_on
    FROM core.persistency
    GROUP BY duration_months, issued_month
),
issue_months AS (
    SELECT duration_months, issued_month, period
    FROM matured
    INNER JOIN staging.periods AS periods ON matured.matures_on <= periods.ends_on
    QUALIFY issued_month >= max(issued_month) OVER (PARTITION BY duration_months, period) - INTERVAL 11 MONTHS
),
by_issue_month AS (
    SELECT
        duration_months,
        issued_month,
        CASE
            WHEN grouping(org_unit) = 0 THEN 'org_unit' WHEN grouping(region) = 0 THEN 'region'
            WHEN grouping(product_line) = 0 THEN 'product_line' WHEN grouping(channel) = 0 THEN 'channel'
            WHEN grouping(age_band) = 0 THEN 'age_band' ELSE 'company'
        END AS cut,
        coalesce(org_unit, region, product_line, channel, age_band, 'company') AS segment,
        count(*) FILTER (exclusion IS NULL AND persisting) AS persisting,
        count(*) FILTER (exclusion IS NULL AND eligible) AS eligible,
        count(*) FILTER (exclusion IS NOT NULL) AS excluded,
        coalesce(sum(premium_received) FILTER (exclusion IS NULL), 0) AS y,
        coalesce(sum(premium_at_issue) FILTER (exclusion IS NULL), 0) AS x,
        coalesce(sum(premium_at_issue * premium_at_issue) FILTER (exclusion IS NULL), 0) AS xx,
        count(*) FILTER (exclusion IS NULL AND premium_at_issue <> 0) AS premiums
    FROM core.persistency
    GROUP BY GROUPING SETS (
        (duration_months, issued_month), (duration_months, issued_month, org_unit),
        (duration_months, issued_month, region), (duration_months, issued_month, product_line),
        (duration_months, issued_month, channel), (duration_months, issued_month, age_band)
    )
),
sums AS (
    SELECT
        duration_months, period, cut, segment,
        sum(persisting) AS persisting, sum(eligible) AS eligible, sum(excluded) AS excluded,
        sum(y) AS y, sum(x) AS x, sum(xx) AS xx, sum(premiums) AS premiums
    FROM by_issue_month
    INNER JOIN issue_months USING (duration_months, issued_month)
    GROUP BY duration_months, period, cut, segment
),
ratios AS (
    -- Wilson's limits of a share of premium, over the effective number of policies (Kish 1965).
    SELECT
        *,
        y / nullif(x, 0) AS ratio,
        x ** 2 / nullif(xx, 0) AS effective,
        1.959963984540054 * sqrt(4 * effective * greatest(ratio * (1 - ratio), 0) + 3.841458820694124) AS root,
        least(greatest((2 * effective * ratio + 3.841458820694124 - root) / (2 * (effective + 3.841458820694124)), 0), ratio)
            AS low,
        greatest(least((2 * effective * ratio + 3.841458820694124 + root) / (2 * (effective + 3.841458820694124)), 1), ratio)
            AS high
    FROM sums
),
surrenders AS (
    SELECT
        date_trunc('month', surrendered_on) AS period,
        CASE
            WHEN grouping(org_unit) = 0 THEN 'org_unit' WHEN grouping(region) = 0 THEN 'region'
            WHEN grouping(product_line) = 0 THEN 'product_line' WHEN grouping(channel) = 0 THEN 'channel'
            WHEN grouping(age_band) = 0 THEN 'age_band' ELSE 'company'
        END AS cut,
        coalesce(org_unit, region, product_line, channel, age_band, 'company') AS segment,
        count(*) FILTER (WHERE issued_on < date_trunc('month', surrendered_on)) AS surrendered,
        count(*) - surrendered AS excluded
    FROM core.policies
    WHERE end_event = 'surrender'
    GROUP BY GROUPING SETS (
        (period), (period, org_unit), (period, region), (period, product_line), (period, channel), (period, age_band)
    )
)
SELECT
    'persistency_' || duration_months || 'm_policy_share' AS kpi, 'cohort' AS basis, cut, segment,
    CAST(period AS TIMESTAMP) AS period,
    CAST(persisting AS DOUBLE) AS numerator, CAST(eligible AS DOUBLE) AS denominator,
    persisting / nullif(eligible, 0) AS value,
    CAST(NULL AS DOUBLE) AS ci_low, CAST(NULL AS DOUBLE) AS ci_high,
    CAST(eligible AS BIGINT) AS n, CAST(0 AS BIGINT) AS n_undetermined, CAST(excluded AS BIGINT) AS n_excluded
FROM sums
UNION ALL
SELECT 'persistency_' || duration_months || 'm_premium_share', 'cohort', cut, segment, period,
    y, x, ratio, low, high, premiums, 0, excluded
FROM ratios
UNION ALL
SELECT 'surrender_policy_share', 'period', stocks.cut, stocks.segment, stocks.period,
    coalesce(surrendered, 0), opening, coalesce(surrendered, 0) / nullif(opening, 0), NULL, NULL, opening, 0,
    coalesce(surrenders.excluded, 0)
FROM measured.stocks AS stocks
LEFT JOIN surrenders
    ON surrenders.cut = stocks.cut AND surrenders.segment = stocks.segment AND surrenders.period = stocks.period
WHERE stocks.flow = 'policies'
