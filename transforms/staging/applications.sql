/*
Applications with the segment of each and the rescission of their policy, in the latest state known on the as-of date.
grain: application_id
owner: underwriting
*/
WITH rescissions AS (
    SELECT policy_id, min(effective_on) AS rescinded_on
    FROM latest.policy_events
    WHERE event = 'rescission'
    GROUP BY policy_id
)
SELECT
    applications.application_id,  -- The application.
    applications.started_at,  -- When the customer began.
    applications.submitted_at,  -- When it was submitted.
    applications.decided_at,  -- When underwriting decided.
    applications.issued_at,  -- When the policy was issued.
    coalesce(applications.started_precision = 'day', FALSE) AS started_is_day,  -- Of which only the day is known.
    coalesce(applications.submitted_precision = 'day', FALSE) AS submitted_is_day,  -- Of which only the day is known.
    coalesce(applications.decided_precision = 'day', FALSE) AS decided_is_day,  -- Of which only the day is known.
    coalesce(applications.issued_precision = 'day', FALSE) AS issued_is_day,  -- Of which only the day is known.
    applications.actor,  -- Who decided.
    applications.decision,  -- What was decided.
    applications.overridden,  -- A person overrode the system.
    applications.customer_wait_hours,  -- Hours of waiting for the customer.
    applications.assisted,  -- Somebody helped to apply.
    applications.recommended,  -- The product was recommended in an advice.
    applications.needs_recorded,  -- The customer's needs were recorded.
    applications.sale_recorded,  -- The sale was recorded.
    rescissions.rescinded_on,  -- Day from which the policy was rescinded.
    applications.policy_id,  -- The policy that came of it.
    coalesce(applications.customer_id, policies.customer_id) AS customer_id,  -- Who applies.
    coalesce(applications.agent_id, policies.agent_id) AS agent_id,  -- The agent who sells.
    applications.service_channel,  -- Way by which it was made.
    coalesce(applications.org_unit, policies.org_unit, 'unknown') AS org_unit,  -- Responsible unit.
    coalesce(applications.region, units.region, policies.region, 'unknown') AS region,  -- Region.
    coalesce(applications.product_line, policies.product_line, 'unknown') AS product_line,  -- Product line.
    coalesce(applications.channel, policies.channel, 'unknown') AS channel,  -- Sales channel.
    coalesce(applications.age_band, policies.age_band, 'unknown') AS age_band,  -- Age band of the customer.
    coalesce(
        applications.customer_segment, policies.customer_segment, 'unknown'
    ) AS customer_segment  -- Segment of the customer.
FROM latest.applications AS applications
LEFT JOIN staging.policies AS policies ON policies.policy_id = applications.policy_id
LEFT JOIN latest.org_units AS units ON units.org_unit = applications.org_unit
LEFT JOIN rescissions ON rescissions.policy_id = applications.policy_id
