-- The policy register in its latest version, with the segment of each policy. One row per policy.
WITH repeated AS (
    SELECT policy_id FROM staging.policies_delivered GROUP BY policy_id HAVING count(*) > 1
),
latest AS (
    SELECT * FROM staging.policies_delivered ANTI JOIN repeated USING (policy_id)
    UNION ALL
    SELECT * FROM staging.policies_delivered SEMI JOIN repeated USING (policy_id)
    QUALIFY row_number() OVER (PARTITION BY policy_id ORDER BY recorded_at DESC NULLS LAST) = 1
)
SELECT
    policies.policy_id,
    policies.customer_id,
    policies.issued_on,
    policies.product_code,
    coalesce(policies.org_unit, 'unknown') AS org_unit,
    coalesce(policies.region, units.region, 'unknown') AS region,
    coalesce(policies.product_line, 'unknown') AS product_line,
    coalesce(policies.channel, 'unknown') AS channel,
    CASE
        WHEN policies.birth_on IS NULL THEN 'unknown'
        WHEN year(policies.issued_on) - year(policies.birth_on) < 18 THEN '00-17'
        WHEN year(policies.issued_on) - year(policies.birth_on) < 30 THEN '18-29'
        WHEN year(policies.issued_on) - year(policies.birth_on) < 45 THEN '30-44'
        WHEN year(policies.issued_on) - year(policies.birth_on) < 60 THEN '45-59'
        ELSE '60+'
    END AS age_band,
    policies.pay_mode,
    policies.premium_term_months,
    policies.term_months,
    policies.modal_premium,
    policies.annual_premium,
    policies.sum_assured,
    policies.grace_days,
    policies.renews_policy_id
FROM latest AS policies
LEFT JOIN staging.org_units AS units ON units.org_unit = policies.org_unit
