/*
Every KPI with a value, month by month, with its interval and the change on the month before and the year before.
grain: kpi, basis, cut, segment, period
owner: service quality
example:
    SELECT segment, value, ci_low, ci_high, n, change_on_month
    FROM marts.kpi_trend
    WHERE kpi = 'claim_paid_share' AND basis = 'period' AND cut = 'org_unit'
        AND period = (SELECT max(period) FROM marts.kpi_trend WHERE kpi = 'claim_paid_share' AND basis = 'period')
    ORDER BY value
*/
SELECT
    now.kpi,  -- Code of the KPI.
    now.basis,  -- cohort, period or stock.
    now.cut,  -- What the company is divided by.
    now.segment,  -- The part of the cut.
    now.period,  -- First day of the month.
    CAST(year(now.period) AS INTEGER) AS year,  -- Calendar year of the month.
    CAST(quarter(now.period) AS INTEGER) AS quarter,  -- Quarter of the year, 1 to 4; values by quarter: marts.kpi_quarter.
    now.value,  -- Value in its unit.
    now.ci_low,  -- Lower end of the 95 % interval.
    now.ci_high,  -- Upper end of the 95 % interval.
    now.n,  -- Cases that determine the value.
    now.status,  -- ok or low_n.
    now.unit,  -- Unit of the value.
    now.direction,  -- 1: higher is better, -1: lower is better, 0: neither.
    now.value - month_before.value AS change_on_month,  -- Change on the month before.
    now.value - year_before.value AS change_on_year,  -- Change on the same month of the year before.
    (now.value - month_before.value) * now.direction > 0 AS is_better_than_month_before,  -- Empty if there was none.
    now.ci_low > month_before.ci_high OR now.ci_high < month_before.ci_low
        AS is_apart_from_month_before  -- The two intervals do not touch.
FROM kpi.monthly AS now
LEFT JOIN kpi.monthly AS month_before
    ON month_before.kpi = now.kpi
    AND month_before.basis = now.basis
    AND month_before.cut = now.cut
    AND month_before.segment = now.segment
    AND month_before.definition_version = now.definition_version
    AND month_before.period = CAST(now.period - INTERVAL 1 MONTH AS DATE)
LEFT JOIN kpi.monthly AS year_before
    ON year_before.kpi = now.kpi
    AND year_before.basis = now.basis
    AND year_before.cut = now.cut
    AND year_before.segment = now.segment
    AND year_before.definition_version = now.definition_version
    AND year_before.period = CAST(now.period - INTERVAL 12 MONTH AS DATE)
WHERE now.value IS NOT NULL
