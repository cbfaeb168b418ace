/*
The particulars of a claim: its policy, segment and kind; where its events differ, as the latest of them says.
grain: claim_id
owner: claims
*/
WITH said AS (
    SELECT
        *,
        -- At one time the report comes first and the closing last; which of the others does not depend on the order of rows.
        CAST(epoch_us(event_at) * 4 + CASE event WHEN 'reported' THEN 0 WHEN 'closed' THEN 2 ELSE 1 END AS HUGEINT)
            * 18446744073709551616 + hash(event_id) AS place
    FROM latest.claim_events
),
cases AS (
    SELECT
        claim_id,
        arg_max(policy_id, place) AS policy_id,
        arg_max(customer_id, place) AS customer_id,
        arg_max(claim_type, place) AS claim_type,
        arg_max(product_line, place) AS product_line,
        arg_max(channel, place) AS channel,
        arg_max(org_unit, place) AS org_unit,
        arg_max(region, place) AS region,
        arg_max(age_band, place) AS age_band,
        arg_max(customer_segment, place) AS customer_segment,
        arg_min(service_channel, place) AS service_channel,
        arg_max(handler_id, place) AS handler_id,
        arg_max(agent_id, place) AS agent_id,
        arg_max(catastrophe_code, place) AS catastrophe_code,
        arg_max(loss_at, place) AS loss_at,
        arg_max(loss_precision, place) AS loss_precision,
        arg_max(claimed_amount, place) AS claimed_amount,
        bool_or(investigated) AS investigated,
        bool_or(injury) AS injury,
        bool_or(third_party) AS third_party,
        bool_or(fast_track) AS fast_track,
        bool_or(green_channel) AS green_channel,
        bool_or(direct_pay) AS direct_pay,
        arg_max(cases, place) AS cases,
        arg_max(contract_decision_days, place) AS contract_decision_days,
        arg_max(contract_payment_days, place) AS contract_payment_days,
        arg_min(policy_id, place) AS first_policy_id,
        arg_min(org_unit, place) AS first_org_unit,
        arg_min(loss_at, place) AS first_loss_at,
        arg_min(claimed_amount, place) AS first_claimed_amount
    FROM said
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
    coalesce(cases.customer_segment, policies.customer_segment, 'unknown') AS customer_segment,  -- Segment of the customer.
    cases.service_channel,  -- Way by which the claim was reported, else the first known.
    cases.handler_id,  -- Who handles it, at last.
    coalesce(cases.agent_id, policies.agent_id) AS agent_id,  -- The agent of the policy.
    cases.catastrophe_code,  -- Catastrophe that the loss is part of.
    cases.loss_at,  -- When the insured event took place.
    coalesce(cases.loss_precision = 'day', FALSE) AS loss_is_day,  -- Of which only the day is known.
    cases.claimed_amount,  -- Amount claimed.
    cases.investigated,  -- Needed an investigation.
    cases.injury,  -- Somebody was injured.
    cases.third_party,  -- Third-party property is involved.
    cases.fast_track,  -- Went through the fast track.
    cases.green_channel,  -- Went through a green channel.
    cases.direct_pay,  -- The insurer settles with hospital or garage.
    coalesce(cases.cases, 1) AS cases,  -- How many claims alike the row stands for.
    cases.contract_decision_days,  -- Decision term of the contract.
    cases.contract_payment_days,  -- Payment term of the contract.
    CASE
        WHEN cases.first_policy_id <> cases.policy_id THEN 'policy'
        WHEN cases.first_org_unit <> cases.org_unit THEN 'unit'
        WHEN cases.first_loss_at <> cases.loss_at THEN 'loss'
        WHEN cases.first_claimed_amount <> cases.claimed_amount THEN 'amount claimed'
    END AS changed  -- What the latest event says otherwise than the first; of several the first of this list.
FROM cases
LEFT JOIN staging.policies AS policies ON policies.policy_id = cases.policy_id
LEFT JOIN latest.org_units AS units ON units.org_unit = cases.org_unit
