/*
What happened to claims and complaints that are open or broke a limit, event by event: clock, limit and whether it was kept.
An event that is due and has not come stands here without a day.
grain: case_kind, case_id, spell_no, event
owner: customer service
example:
    SELECT case_id, event, clock, due_on, happened_on, days_late
    FROM marts.case_timeline
    WHERE is_breached
    ORDER BY days_late DESC NULLS FIRST, case_id
    LIMIT 20
*/
WITH claims AS (
    SELECT * FROM core.claims WHERE sequence_fault IS NULL AND (ended_on IS NULL OR statutory_state = 'breach')
),
complaints AS (
    SELECT
        *,
        -- Open ones are as old on the as-of day as they say.
        coalesce(decided_on, withdrawn_on, closed_on, received_on + age_days) > due_on AS is_late
    FROM core.complaints
    WHERE sequence_fault IS NULL
        AND NOT is_merged
        AND (closed_on IS NULL OR coalesce(decided_on, withdrawn_on, closed_on) > due_on OR escalated_on IS NOT NULL)
),
told AS (
    SELECT 'claim' AS case_kind, claim_id AS case_id, spell_no, 1 AS place, 'opened' AS event, opened_on AS happened_on,
        NULL AS clock, CAST(NULL AS DATE) AS started_on, CAST(NULL AS DATE) AS due_on, CAST(NULL AS BOOLEAN) AS is_breached,
        org_unit, product_line, claim_type AS matter, claim_id, policy_id
    FROM claims
    UNION ALL
    SELECT 'claim', claim_id, spell_no, 2, 'assigned', assigned_on, NULL, NULL, NULL, NULL,
        org_unit, product_line, claim_type, claim_id, policy_id
    FROM claims
    UNION ALL
    SELECT 'claim', claim_id, spell_no, 3, 'contacted', contacted_on, 'contact within 24 hours of the report', reported_on,
        reported_on + 1, NOT is_contacted_within_24_hours, org_unit, product_line, claim_type, claim_id, policy_id
    FROM claims
    UNION ALL
    SELECT 'claim', claim_id, spell_no, 4, 'documents complete', documents_complete_on, NULL, NULL, NULL, NULL,
        org_unit, product_line, claim_type, claim_id, policy_id
    FROM claims
    UNION ALL
    SELECT 'claim', claim_id, spell_no, 5, 'assessed', assessed_on, NULL, NULL, NULL, NULL,
        org_unit, product_line, claim_type, claim_id, policy_id
    FROM claims
    UNION ALL
    SELECT 'claim', claim_id, spell_no, 6, 'certain part determined', least(decided_on, prepaid_on, paid_on),
        'decision or part payment within 60 days of the documents (Insurance Law art. 25)', documents_complete_on,
        part_payment_due_on, part_payment_state = 'breach', org_unit, product_line, claim_type, claim_id, policy_id
    FROM claims
    UNION ALL
    SELECT 'claim', claim_id, spell_no, 7, 'decided', decided_on,
        'decision within 30 days, or those of the contract, net (Insurance Law art. 23)', decision_term_starts_on,
        decision_due_on, decision_term_state = 'breach', org_unit, product_line, claim_type, claim_id, policy_id
    FROM claims
    UNION ALL
    SELECT 'claim', claim_id, spell_no, 8, 'refusal letter', refusal_sent_on,
        'letter within 3 days of the refusal (Insurance Law art. 24)',
        CASE WHEN outcome = 'rejected' THEN decided_on END, refusal_letter_due_on, refusal_letter_state = 'breach',
        org_unit, product_line, claim_type, claim_id, policy_id
    FROM claims
    UNION ALL
    SELECT 'claim', claim_id, spell_no, 9, 'paid', paid_on,
        'payment within 10 days of the agreement, or those of the contract (Insurance Law art. 23)',
        CASE WHEN payment_due_on IS NOT NULL THEN payable_on END, payment_due_on, payment_term_state = 'breach',
        org_unit, product_line, claim_type, claim_id, policy_id
    FROM claims
    UNION ALL
    SELECT 'claim', claim_id, spell_no, 10, 'ended', ended_on, NULL, NULL, NULL, NULL,
        org_unit, product_line, claim_type, claim_id, policy_id
    FROM claims
    UNION ALL
    SELECT 'complaint', complaint_id, 1, 1, 'received', received_on, NULL, NULL, NULL, NULL,
        org_unit, product_line, category, claim_id, policy_id
    FROM complaints
    UNION ALL
    SELECT 'complaint', complaint_id, 1, 2, 'first response', first_response_on, NULL, NULL, NULL, NULL,
        org_unit, product_line, category, claim_id, policy_id
    FROM complaints
    UNION ALL
    SELECT 'complaint', complaint_id, 1, 3, 'decided', decided_on,
        'decision within the days of its class (CBIRC order 2020 no. 3)', term_starts_on, due_on, is_late,
        org_unit, product_line, category, claim_id, policy_id
    FROM complaints
    UNION ALL
    SELECT 'complaint', complaint_id, 1, 4, 'reached a regulator, ombudsman or court', escalated_on, NULL, NULL, NULL, NULL,
        org_unit, product_line, category, claim_id, policy_id
    FROM complaints
    UNION ALL
    SELECT 'complaint', complaint_id, 1, 5, 'accepted', accepted_on, NULL, NULL, NULL, NULL,
        org_unit, product_line, category, claim_id, policy_id
    FROM complaints
    UNION ALL
    SELECT 'complaint', complaint_id, 1, 6, 'opened again', reopened_on, NULL, NULL, NULL, NULL,
        org_unit, product_line, category, claim_id, policy_id
    FROM complaints
    UNION ALL
    SELECT 'complaint', complaint_id, 1, 7, 'closed', closed_on, NULL, NULL, NULL, NULL,
        org_unit, product_line, category, claim_id, policy_id
    FROM complaints
)
SELECT
    case_kind,  -- claim or complaint.
    case_id,  -- Its number.
    spell_no,  -- Of claims 1 as first handled, 2 after the first reopening; of complaints 1.
    event,  -- What happened, or is due.
    happened_on,  -- Day on which it did; empty while it has not.
    clock,  -- The limit that the event has to keep; empty where it has none.
    CASE WHEN clock IS NOT NULL THEN started_on END AS started_on,  -- Day on which the clock started.
    CASE WHEN clock IS NOT NULL THEN due_on END AS due_on,  -- Last day in time, extensions and excluded days counted.
    date_diff('day', started_on, happened_on) AS days_taken,  -- Calendar days from the start of the clock.
    CASE WHEN is_breached THEN date_diff('day', due_on, happened_on) END AS days_late,  -- Calendar days after the last day in time.
    coalesce(is_breached, FALSE) AS is_breached,  -- The limit was broken: late, or still to come after its last day.
    matter,  -- Kind of claim, or matter of the complaint.
    org_unit,  -- Responsible unit.
    product_line,  -- Product line.
    claim_id,  -- The claim it is or is about.
    policy_id,  -- The policy it is about.
    place  -- Order of events that fall on one day.
FROM told
WHERE happened_on IS NOT NULL OR is_breached
