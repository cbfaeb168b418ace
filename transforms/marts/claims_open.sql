/*
The work list: every claim open on the as-of date, its age and the limits it has passed, oldest first.
grain: claim_id, spell_no
owner: claims
example:
    SELECT org_unit, sum(cases) AS open_claims, max(age_days) AS oldest_days
    FROM marts.claims_open
    GROUP BY org_unit
    ORDER BY open_claims DESC
*/
SELECT
    claim_id,  -- The claim.
    spell_no,  -- 1 as first handled, 2 after the first reopening.
    policy_id,  -- The policy claimed on.
    org_unit,  -- Responsible unit.
    region,  -- Region.
    product_line,  -- Product line.
    claim_type,  -- Kind of claim.
    cases,  -- How many claims alike the row stands for.
    reported_on,  -- Day of the report.
    documents_complete_on,  -- Day the documents were complete.
    decided_on,  -- Day of the first decision; empty if undecided.
    claimed_amount,  -- Amount claimed.
    age_days,  -- Calendar days since the report or reopening.
    CASE
        WHEN age_days <= 30 THEN '00-30'
        WHEN age_days <= 60 THEN '31-60'
        WHEN age_days <= 90 THEN '61-90'
        WHEN age_days <= 180 THEN '91-180'
        ELSE '181+'
    END AS age_bucket,  -- Days since the report, aligned with Insurance Law of the PRC arts 23 and 25.
    decided_on IS NULL AND age_days > 30 AS is_past_decision_limit,  -- Undecided after 30 days (art. 23).
    decided_on IS NULL AND age_days > 60 AS is_past_part_payment_limit,  -- Undetermined after 60 days (art. 25).
    decided_on IS NOT NULL AND paid_on IS NULL AND outcome IN ('paid_full', 'paid_part')
        AS is_awaiting_payment  -- Decided to pay, not paid yet.
FROM core.claims
WHERE ended_on IS NULL AND sequence_fault IS NULL
ORDER BY age_days DESC, claim_id
