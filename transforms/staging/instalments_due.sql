/*
Instalments that fell due after the issue, each with the segment of its policy, since reminders are recorded.
grain: policy_id, instalment_no
owner: policy administration
*/
SELECT
    premiums.policy_id,  -- The policy.
    premiums.instalment_no,  -- Number of the instalment.
    premiums.due_on,  -- Day it fell due.
    premiums.paid_on,  -- Value date of the payment.
    policies.customer_id,  -- The policyholder.
    policies.org_unit,  -- Unit that issued the policy.
    policies.region,  -- Region.
    policies.product_line,  -- Product line.
    policies.channel,  -- Sales channel.
    policies.age_band,  -- Age band of the insured at issue.
    policies.customer_segment  -- Segment of the customer.
FROM latest.premiums AS premiums
INNER JOIN staging.policies AS policies ON policies.policy_id = premiums.policy_id
WHERE premiums.due_on > policies.issued_on
    AND premiums.due_on >= (
        SELECT CAST(min(first_ordered_at) AS DATE) FROM staging.service_kinds WHERE kind = 'reminder'
    )
