/*
Town and country: each KPI of units of the highest tier beside that of each lower tier, month by month.
Nothing where the project does not ask for the cut tier. The mix of products may differ between tiers.
grain: kpi, basis, period, tier
owner: customer service
example:
    SELECT period, upper_value, tier, value, gap, verdict
    FROM marts.tier_gaps
    WHERE kpi = 'outlets_per_10k_policies'
    ORDER BY period, tier
*/
WITH tiers AS (
    SELECT
        *,
        CASE segment WHEN 'head_office' THEN 1 WHEN 'province' THEN 2 WHEN 'city' THEN 3 WHEN 'county' THEN 4 END AS place
    FROM kpi.monthly
    WHERE cut = 'tier' AND status IN ('ok', 'low_n')
        AND segment IN ('head_office', 'province', 'city', 'county')
),
highest AS (
    SELECT *
    FROM tiers
    QUALIFY row_number() OVER (PARTITION BY kpi, basis, period ORDER BY place) = 1
)
SELECT
    tiers.kpi,  -- The KPI.
    tiers.basis,  -- Basis.
    tiers.period,  -- First day of the month.
    highest.segment AS upper_tier,  -- The highest tier with a value.
    highest.value AS upper_value,  -- Its value.
    tiers.segment AS tier,  -- The lower tier.
    tiers.value,  -- Its value.
    round(highest.value - tiers.value, 12) AS gap,  -- Upper less lower; 0 is the target.
    round(highest.value - tiers.value - sqrt(
        (highest.value - highest.ci_low) * (highest.value - highest.ci_low)
        + (tiers.ci_high - tiers.value) * (tiers.ci_high - tiers.value)
    ), 12) AS gap_low,  -- Lower end of its 95 % interval, by those of both (Newcombe).
    round(highest.value - tiers.value + sqrt(
        (highest.ci_high - highest.value) * (highest.ci_high - highest.value)
        + (tiers.value - tiers.ci_low) * (tiers.value - tiers.ci_low)
    ), 12) AS gap_high,  -- Upper end of it.
    CASE
        WHEN highest.status <> 'ok' OR tiers.status <> 'ok' THEN 'too few cases'
        WHEN highest.ci_low IS NULL OR tiers.ci_low IS NULL THEN 'no interval'
        WHEN highest.value - tiers.value > sqrt(
            (highest.value - highest.ci_low) * (highest.value - highest.ci_low)
            + (tiers.ci_high - tiers.value) * (tiers.ci_high - tiers.value)
        ) THEN 'higher in the upper tier'
        WHEN tiers.value - highest.value > sqrt(
            (highest.ci_high - highest.value) * (highest.ci_high - highest.value)
            + (tiers.value - tiers.ci_low) * (tiers.value - tiers.ci_low)
        ) THEN 'lower in the upper tier'
        ELSE 'no evidence of a gap'
    END AS verdict,  -- Which way the gap goes, beyond chance.
    tiers.unit,  -- Unit of the value.
    tiers.direction  -- 1: higher is better, -1: lower is better, 0: neither.
FROM tiers
INNER JOIN highest
    ON highest.kpi = tiers.kpi
    AND highest.basis = tiers.basis
    AND highest.period = tiers.period
    AND highest.segment <> tiers.segment
