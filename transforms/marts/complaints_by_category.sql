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
SELECT
    CAST(date_trunc('month', complaints.received_on) AS DATE) AS period,  -- First day of the month of receipt.
    complaints.org_unit,  -- Responsible unit.
    max(coalesce(units.name, complaints.org_unit)) AS org_unit_name,  -- Its name.
    coalesce(complaints.category, 'unknown') AS category,  -- Matter, as delivered.
    count(*) AS received_count,  -- Complaints received.
    count(complaints.closed_on) AS closed_count,  -- Of these, closed by the as-of day.
    count(complaints.uphold_credit) AS decided_count,  -- Of these, decided on their merits.
    coalesce(sum(complaints.uphold_credit), 0) AS uphold_credit,  -- Upheld, those in part as a half; over decided_count a share.
    count(CASE WHEN complaints.is_via_regulator THEN 1 END) AS via_regulator_count,  -- Of those received, sent on by the regulator.
    median(complaints.received_to_closed_days) AS received_to_closed_days_median  -- Of those closed; never to be averaged.
FROM core.complaints AS complaints
LEFT JOIN core.org_units AS units ON units.org_unit = complaints.org_unit
WHERE complaints.received_on IS NOT NULL AND complaints.is_merged IS NOT TRUE
GROUP BY 1, complaints.org_unit, coalesce(complaints.category, 'unknown')
