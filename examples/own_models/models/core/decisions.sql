/*
Decided claims, one row each with the first complaint about its policy in the 90 days after the decision.
grain: claim_id
owner: claims
*/
WITH decisions AS (
    FROM core.claims WHERE spell_no = 1 AND decided_on IS NOT NULL AND sequence_fault IS NULL
),
disputes AS (
    SELECT decisions.claim_id, min(received_on) AS disputed_on
    FROM decisions
    JOIN core.complaints AS complaints USING (policy_id)
    WHERE received_on BETWEEN decisions.decided_on AND decisions.decided_on + 90
    GROUP BY decisions.claim_id
)
SELECT
    claim_id,  -- The claim.
    decided_on,  -- Day of the first decision.
    outcome,  -- What was decided: paid_full, paid_part, rejected or zero.
    claim_type,  -- Kind of claim.
    CASE WHEN is_decided_by_system THEN 'system' ELSE 'person' END AS decided_by,  -- Who decided: system or person.
    org_unit,  -- Organisational unit.
    region,  -- Region.
    product_line,  -- Product line.
    channel,  -- Sales channel.
    age_band,  -- Age band of the customer.
    disputed_on,  -- Day of the first complaint in 90 days; empty: none so far.
    date_diff('day', decided_on, disputed_on) AS decision_to_dispute_days  -- Calendar days until then.
FROM decisions
LEFT JOIN disputes USING (claim_id)
