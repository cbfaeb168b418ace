/*
Instalments due on a policy's anniversaries, the ones persistency asks for, with their payment.
grain: policy_id, instalment_no
owner: policy administration
*/
SELECT
    premiums.policy_id,  -- The policy.
    premiums.instalment_no,  -- Number of the instalment.
    (year(premiums.due_on) - year(policies.issued_on)) * 12
        + month(premiums.due_on) - month(policies.issued_on) AS months_since_issue,  -- Whole months from issue to due date.
    premiums.due_on,  -- Day it fell due.
    premiums.due_amount,  -- Amount due.
    premiums.paid_on,  -- Value date of the payment.
    premiums.paid_amount  -- Amount paid.
FROM latest.premiums AS premiums
INNER JOIN latest.policies AS policies ON policies.policy_id = premiums.policy_id
WHERE month(premiums.due_on) = month(policies.issued_on)
    AND year(premiums.due_on) > year(policies.issued_on)
