/*
The complaint log with the segment of each complaint, in the latest state known on the as-of date.
grain: complaint_id
owner: complaints
*/
SELECT
    complaints.complaint_id,  -- The complaint.
    complaints.received_on,  -- Day it was received.
    complaints.first_response_on,  -- Day of the first response.
    complaints.closed_on,  -- Day the decision was communicated.
    complaints.accepted_on,  -- Day the complainant accepted.
    complaints.reopened_on,  -- Day it was opened again.
    complaints.new_facts_on,  -- Day new facts arrived.
    complaints.escalated_on,  -- Day it also reached a regulator, ombudsman or court.
    complaints.outcome,  -- How it was decided.
    complaints.request_met,  -- How far the request was met.
    complaints.category,  -- Matter.
    complaints.root_cause,  -- What was found to have caused it.
    complaints.via_regulator,  -- Transferred by the regulator.
    complaints.complexity,  -- Class that sets the limit.
    complaints.extension_approved_on,  -- Day a longer limit was approved and communicated.
    complaints.appraisal_days,  -- Days of outside appraisal.
    complaints.merged_into,  -- Complaint of which this is a repeated contact.
    coalesce(complaints.cases, 1) AS cases,  -- How many complaints alike the row stands for.
    coalesce(
        coalesce(complaints.customer_id, policies.customer_id, complaints.policy_id) IS NOT NULL
        AND complaints.category IS NOT NULL
        AND complaints.received_on <= max(
            CASE
                WHEN complaints.closed_on IS NULL OR complaints.reopened_on > complaints.closed_on THEN DATE '9999-12-31'
                ELSE complaints.closed_on
            END
        ) OVER (
            PARTITION BY coalesce(complaints.customer_id, policies.customer_id), complaints.policy_id, complaints.category
            ORDER BY complaints.received_on, complaints.complaint_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        FALSE
    ) AS follows_open,  -- Same customer, policy and matter as a complaint that was still open.
    coalesce(complaints.customer_id, policies.customer_id) AS customer_id,  -- The complainant.
    complaints.policy_id,  -- The policy complained about.
    complaints.claim_id,  -- The claim complained about.
    coalesce(complaints.org_unit, policies.org_unit, 'unknown') AS org_unit,  -- Responsible unit.
    coalesce(complaints.region, units.region, policies.region, 'unknown') AS region,  -- Region.
    coalesce(complaints.product_line, policies.product_line, 'unknown') AS product_line,  -- Product line.
    coalesce(complaints.channel, policies.channel, 'unknown') AS channel,  -- Sales channel.
    coalesce(complaints.age_band, policies.age_band, 'unknown') AS age_band,  -- Age band of the customer.
    coalesce(complaints.customer_segment, policies.customer_segment, 'unknown') AS customer_segment,  -- Customer segment.
    complaints.service_channel,  -- Way by which it came.
    complaints.handler_id,  -- Who handles it.
    coalesce(complaints.agent_id, policies.agent_id) AS agent_id  -- The agent complained about, else of the policy.
FROM latest.complaints AS complaints
LEFT JOIN staging.policies AS policies ON policies.policy_id = complaints.policy_id
LEFT JOIN latest.org_units AS units ON units.org_unit = complaints.org_unit
