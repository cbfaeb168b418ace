/*
Complaints by matter, unit and month of receipt: how many, decided how, how fast; repeated contacts are not counted again.
grain: period, org_unit, category
owner: complaints
example:
    SELECT category, sum(received_count) AS received_count, sum(uphold_credit) / sum(decided_count) AS upheld_share
    FROM marts.complaints_by_category
    GROUP BY category
    ORDER BY received_count DESC
*/
WITH alike AS (
    SELECT
        CAST(date_trunc('month', received_on) AS DATE) AS period,
        org_unit,
        coalesce(category, 'unknown') AS category,
        received_to_closed_days AS days,
        CAST(sum(cases) AS BIGINT) AS received_count,
        CAST(sum(CASE WHEN closed_on IS NOT NULL THEN cases END) AS BIGINT) AS closed_count,
        CAST(sum(CASE WHEN uphold_credit IS NOT NULL THEN cases END) AS BIGINT) AS decided_count,
        sum(uphold_credit * cases) AS uphold_credit,
        CAST(sum(CASE WHEN is_via_regulator THEN cases END) AS BIGINT) AS via_regulator_count
    FROM core.complaints
    WHERE received_on IS NOT NULL AND is_merged IS NOT TRUE
    GROUP BY 1, org_unit, coalesce(category, 'unknown'), received_to_closed_days
),
ranked AS (
    -- How many were closed after so many days or sooner, of how many: the median lies where these pass the half.
    SELECT
        *,
        sum(received_count) OVER (PARTITION BY period, org_unit, category, days IS NULL ORDER BY days) AS closed_by,
        sum(received_count) OVER (PARTITION BY period, org_unit, category, days IS NULL) AS timed
    FROM alike
)
SELECT
    ranked.period,  -- First day of the month of receipt.
    ranked.org_unit,  -- Responsible unit.
    max(coalesce(units.name, ranked.org_unit)) AS org_unit_name,  -- Its name.
    ranked.category,  -- Matter, as delivered.
    CAST(sum(ranked.received_count) AS BIGINT) AS received_count,  -- Complaints received.
    CAST(coalesce(sum(ranked.closed_count), 0) AS BIGINT) AS closed_count,  -- Of these, closed by the as-of day.
    CAST(coalesce(sum(ranked.decided_count), 0) AS BIGINT) AS decided_count,  -- Of these, decided on their merits.
    coalesce(sum(ranked.uphold_credit), 0) AS uphold_credit,  -- Upheld, those in part as a half; over decided_count a share.
    CAST(coalesce(sum(ranked.via_regulator_count), 0) AS BIGINT) AS via_regulator_count,  -- Of those received, sent on by the regulator.
    (
        min(CASE WHEN 2 * ranked.closed_by >= ranked.timed THEN ranked.days END)
        + min(CASE WHEN 2 * ranked.closed_by > ranked.timed THEN ranked.days END)
    ) / 2 AS received_to_closed_days_median  -- Of those closed; never to be averaged.
FROM ranked
LEFT JOIN core.org_units AS units ON units.org_unit = ranked.org_unit
GROUP BY ranked.period, ranked.org_unit, ranked.category
