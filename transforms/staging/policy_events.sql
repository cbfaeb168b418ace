/*
What happened to policies after issue, each event in its latest version known on the as-of date.
grain: event_id
owner: policy administration
*/
SELECT
    event_id,  -- The event record.
    policy_id,  -- The policy.
    event,  -- What happened.
    effective_on,  -- Day it took effect.
    requested_on,  -- Day the notice arrived.
    paid_on,  -- Day the money was paid.
    amount  -- Amount of the event.
FROM latest.policy_events
