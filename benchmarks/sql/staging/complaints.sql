-- The complaint log in its latest version, with the segment of each complaint. One row per complaint.
WITH repeated AS (
    SELECT complaint_id FROM staging.complaints_delivered GROUP BY complaint_id HAVING count(*) > 1
),
latest AS (
    SELECT * FROM staging.complaints_delivered ANTI JOIN repeated USING (complaint_id)
    UNION ALL
    SELECT * FROM staging.complaints_delivered SEMI JOIN repeated USING (complaint_id)
    QUALIFY row_number() OVER (PARTITION BY complaint_id ORDER BY recorded_at DESC NULLS LAST) = 1
)
SELECT
    complaints.* EXCLUDE (recorded_at, customer_id),
    coalesce(complaints.customer_id, policies.customer_id) AS customer_id,
    coalesce(policies.org_unit, 'unknown') AS org_unit,
    coalesce(policies.region, 'unknown') AS region,
    coalesce(policies.product_line, 'unknown') AS product_line,
    coalesce(policies.channel, 'unknown') AS channel,
    coalesce(policies.age_band, 'unknown') AS age_band
FROM latest AS complaints
LEFT JOIN staging.policies AS policies ON policies.policy_id = complaints.policy_id
