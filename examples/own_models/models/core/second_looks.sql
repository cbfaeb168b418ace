/*
Second looks at decisions of claims, one row each with the kind of claim and its segment.
grain: look_id
owner: claims
*/
SELECT
    looks.look_id,  -- The second look.
    looks.claim_id,  -- The claim whose decision it is about.
    looks.asked_on,  -- Day it was asked for.
    looks.answered_on,  -- Day it was given; empty while it is awaited.
    looks.finding,  -- What was found: agreed or changed.
    coalesce(claims.claim_type, 'unknown') AS claim_type,  -- Kind of claim.
    coalesce(claims.org_unit, 'unknown') AS org_unit  -- Organisational unit.
FROM staging.second_looks AS looks
LEFT JOIN core.claims AS claims ON claims.claim_id = looks.claim_id AND claims.spell_no = 1
