/*
Policies of at most one year and the policy that renews each, if there is one.
grain: policy_id
owner: policy administration
*/
WITH successors AS (
    SELECT
        renews_policy_id,
        min(issued_on) AS renewed_on,
        arg_min(coalesce(annual_premium, modal_premium), issued_on) AS renewal_premium
    FROM latest.policies
    WHERE renews_policy_id IS NOT NULL
    GROUP BY renews_policy_id
)
SELECT
    policies.policy_id,  -- The policy that expires.
    policies.issued_on,  -- First day of its term.
    policies.term_months,  -- Months of cover.
    policies.org_unit,  -- Unit that issued it.
    policies.current_org_unit,  -- Unit that looks after it.
    policies.region,  -- Region.
    policies.product_line,  -- Product line.
    policies.channel,  -- Sales channel.
    policies.age_band,  -- Age band of the insured.
    policies.customer_segment,  -- Segment of the customer.
    coalesce(policies.annual_premium, policies.modal_premium) AS premium,  -- Premium of its term.
    successors.renewed_on,  -- First day of the policy that renews it.
    successors.renewal_premium  -- Premium of that policy's first year.
FROM staging.policies AS policies
LEFT JOIN successors ON successors.renews_policy_id = policies.policy_id
WHERE policies.term_months <= 12
