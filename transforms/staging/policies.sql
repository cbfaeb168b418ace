/*
The policy register with the segment of each policy; age bands from the year of birth at issue.
grain: policy_id
owner: policy administration
*/
SELECT
    policies.policy_id,  -- The policy.
    policies.customer_id,  -- The policyholder.
    policies.issued_on,  -- Day the policy took effect.
    policies.product_code,  -- Product.
    coalesce(policies.org_unit, 'unknown') AS org_unit,  -- Unit that issued the policy.
    coalesce(policies.current_org_unit, policies.org_unit, 'unknown') AS current_org_unit,  -- Unit that looks after it.
    coalesce(policies.region, units.region, 'unknown') AS region,  -- Region.
    coalesce(policies.product_line, 'unknown') AS product_line,  -- Product line.
    coalesce(policies.channel, 'unknown') AS channel,  -- Sales channel.
    coalesce(
        policies.age_band,
        CASE
            -- Born after the issue: nobody knows how old.
            WHEN policies.birth_on IS NULL OR year(policies.birth_on) > year(policies.issued_on) THEN NULL
            WHEN year(policies.issued_on) - year(policies.birth_on) < 18 THEN '00-17'
            WHEN year(policies.issued_on) - year(policies.birth_on) < 30 THEN '18-29'
            WHEN year(policies.issued_on) - year(policies.birth_on) < 45 THEN '30-44'
            WHEN year(policies.issued_on) - year(policies.birth_on) < 60 THEN '45-59'
            ELSE '60+'
        END,
        'unknown'
    ) AS age_band,  -- Age band of the insured at issue.
    coalesce(policies.customer_segment, 'unknown') AS customer_segment,  -- Segment of the customer.
    policies.agent_id,  -- The agent who sold it.
    CASE
        WHEN year(policies.birth_on) <= year(policies.issued_on) THEN year(policies.birth_on)
    END AS birth_year,  -- Year of birth of the insured.
    policies.pay_mode,  -- How the premium is paid.
    policies.premium_term_months,  -- Months for which premiums are due.
    policies.term_months,  -- Months of cover; empty for whole life.
    policies.modal_premium,  -- Premium of one instalment at issue.
    policies.annual_premium,  -- Premium of a year at issue.
    policies.sum_assured,  -- Sum assured.
    policies.lives,  -- Number of insured persons.
    policies.grace_days,  -- Grace period that the contract sets.
    policies.free_look_days,  -- Free-look period.
    policies.renews_policy_id  -- Policy that this one renews.
FROM latest.policies AS policies
LEFT JOIN latest.org_units AS units ON units.org_unit = policies.org_unit
