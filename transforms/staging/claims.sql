/*
What does not change while a claim is handled: its policy, segment and kind, from whichever event says so.
grain: claim_id
owner: claims
*/
WITH cases AS (
    SELECT
        claim_id,
        max(policy_id) AS policy_id,
        max(customer_id) AS customer_id,
        max(claim_type) AS claim_type,
        max(product_line) AS product_line,
        max(channel) AS channel,
        max(org_unit) AS org_unit,
        max(region) AS region,
        max(age_band) AS age_band,
        min(loss_at) AS loss_at,
        max(claimed_amount) AS claimed_amount,
        bool_or(investigated) AS investigated,
        bool_or(injury) AS injury,
        bool_or(third_party) AS third_party,
        bool_or(fast_track) AS fast_track,
        max(contract_decision_days) AS contract_decision_days,
        max(contract_payment_days) AS contract_payment_days
    FROM latest.claim_events
    GROUP BY claim_id
)
SELECT
    cases.claim_id,  -- The claim.
    cases.policy_id,  -- The policy claimed on.
    coalesce(cases.customer_id, policies.customer_id) AS customer_id,  -- The claimant.
    cases.claim_type,  -- Kind of claim.
    coalesce(cases.org_unit, policies.org_unit, 'unknown') AS org_unit,  -- Responsible unit.
    coalesce(cases.region, units.region, policies.region, 'unknown') AS region,  -- Region.
    coalesce(cases.product_line, policies.product_line, 'unknown') AS product_line,  -- Product line.
    coalesce(cases.channel, policies.channel, 'unknown') AS channel,  -- Sales channel.
    coalesce(cases.age_band, policies.age_band, 'unknown') AS age_band,  -- Age band of the insured.
    cases.loss_at,  -- When the insured event took place.
    cases.claimed_amount,  -- Amount claimed.
    cases.investigated,  -- Needed an investigation.
    cases.injury,  -- Somebody was injured.
    cases.third_party,  -- Third-party property is involved.
    cases.fast_track,  -- Went through the fast track.
    cases.contract_decision_days,  -- Decision term of the contract.
    cases.contract_payment_days  -- Payment term of the contract.
FROM cases
LEFT JOIN staging.policies AS policies ON policies.policy_id = cases.policy_id
LEFT JOIN latest.org_units AS units ON units.org_unit = cases.org_unit
