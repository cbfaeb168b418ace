/*
Events of claims, each in its latest version known on the as-of date.
grain: event_id
owner: claims
*/
SELECT
    event_id,  -- The event record.
    claim_id,  -- The claim.
    event,  -- What happened.
    event_at,  -- When it happened.
    coalesce(event_precision = 'day', FALSE) AS is_day,  -- Of which only the day is known.
    spell_no,  -- 1 as first handled, 2 after the first reopening; empty where the source does not say.
    outcome,  -- How the claim was decided or closed.
    amount,  -- Amount of the event.
    actor,  -- Who acted.
    document_count,  -- Documents that came with it.
    document_medium  -- Medium of these.
FROM latest.claim_events
