/*
Policies of which no instalment at all is recorded, so that nothing is known of their payments.
grain: policy_id
owner: policy administration
*/
SELECT DISTINCT policies.policy_id  -- The policy.
FROM known.policies AS policies
ANTI JOIN known.premiums AS premiums ON premiums.policy_id = policies.policy_id
