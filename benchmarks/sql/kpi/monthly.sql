-- Every KPI of every month, basis, cut and segment. One row each.
-- Intervals of quantiles and counts stay empty: they need binomial and chi-square quantiles.
WITH found AS (
    SELECT * FROM measured.claims
    UNION ALL
    SELECT * FROM measured.complaints
    UNION ALL
    SELECT * FROM measured.policies
    UNION ALL
    SELECT * FROM measured.surveys
),
records AS (
    SELECT
        definitions.*,
        periods.*,
        segments.*,
        CASE WHEN is_count THEN coalesce(numerator, 0) ELSE numerator END AS numerator,
        denominator,
        CASE WHEN is_count THEN coalesce(value, 0) ELSE value END AS value,
        ci_low,
        ci_high,
        coalesce(n, 0) AS n,
        coalesce(n_excluded, 0) AS n_excluded,
        coalesce(n_undetermined, 0) AS n_undetermined
    FROM measured.definitions AS definitions
    CROSS JOIN staging.periods AS periods
    CROSS JOIN measured.segments AS segments
    LEFT JOIN found
        ON found.kpi = definitions.kpi
        AND found.basis = definitions.basis
        AND found.period = periods.period
        AND found.cut = segments.cut
        AND found.segment = segments.segment
),
judged AS (
    SELECT
        *,
        as_of,
        CASE
            WHEN ends_on + CASE basis WHEN 'cohort' THEN horizon_days ELSE 0 END > as_of THEN 'immature'
            WHEN value IS NULL THEN 'no_data'
            WHEN n < suppress_below THEN 'suppressed'
            WHEN n < minimum THEN 'low_n'
            ELSE 'ok'
        END AS status,
        unit = 'share' AND kpi NOT LIKE '%premium_share' AND denominator > 0 AND numerator <= denominator
            AS has_wilson_limits,
        1.959963984540054 * sqrt(
            4 * greatest(numerator * (1 - numerator / nullif(denominator, 0)), 0) + 3.841458820694124
        ) AS root,
        2 * (denominator + 3.841458820694124) AS base
    FROM records, (SELECT as_of FROM staging.run)
)
SELECT
    kpi,
    period,
    basis,
    cut,
    segment,
    as_of,
    CASE WHEN status <> 'suppressed' THEN numerator END AS numerator,
    CASE WHEN status <> 'suppressed' THEN denominator END AS denominator,
    CASE WHEN status IN ('ok', 'low_n') THEN value END AS value,
    CASE
        WHEN status NOT IN ('ok', 'low_n') THEN NULL
        WHEN has_wilson_limits THEN least(greatest((2 * numerator + 3.841458820694124 - root) / base, 0), value)
        WHEN ci_low IS NOT NULL THEN greatest(ci_low, CASE unit WHEN 'points' THEN -100 ELSE 0 END)
    END AS ci_low,
    CASE
        WHEN status NOT IN ('ok', 'low_n') THEN NULL
        WHEN has_wilson_limits THEN greatest(least((2 * numerator + 3.841458820694124 + root) / base, 1), value)
        WHEN ci_high > 1 AND unit IN ('share', 'probability') THEN 1
        WHEN ci_high > 100 AND unit IN ('score_0_100', 'points') THEN 100
        ELSE ci_high
    END AS ci_high,
    n,
    n_excluded,
    n_undetermined,
    unit,
    CAST(direction AS TINYINT) AS direction,
    status,
    definition_version
FROM judged
