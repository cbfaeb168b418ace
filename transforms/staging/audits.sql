/*
Findings of audits with the segment of each, in the latest state known on the as-of date.
grain: audit_id
owner: service quality
*/
SELECT
    audits.audit_id,  -- The finding.
    audits.kind,  -- mystery_shopping, claim_file or sale_recording.
    audits.standard,  -- The standard.
    audits.subject,  -- What was looked at.
    audits.audited_on,  -- Day of the audit.
    audits.passed,  -- The case meets the standard.
    audits.severity,  -- How grave it is where not.
    audits.service_channel,  -- Way by which the customer was served.
    coalesce(audits.customer_id, policies.customer_id) AS customer_id,  -- The customer.
    audits.policy_id,  -- The policy it is about.
    audits.claim_id,  -- The claim it is about.
    audits.complaint_id,  -- The complaint it is about.
    coalesce(audits.org_unit, policies.org_unit, 'unknown') AS org_unit,  -- Unit that was audited.
    coalesce(audits.region, units.region, policies.region, 'unknown') AS region,  -- Region.
    coalesce(audits.product_line, policies.product_line, 'unknown') AS product_line,  -- Product line.
    coalesce(audits.channel, policies.channel, 'unknown') AS channel,  -- Sales channel.
    coalesce(audits.age_band, policies.age_band, 'unknown') AS age_band,  -- Age band of the customer.
    coalesce(audits.customer_segment, policies.customer_segment, 'unknown') AS customer_segment  -- Customer segment.
FROM latest.audits AS audits
LEFT JOIN staging.policies AS policies ON policies.policy_id = audits.policy_id
LEFT JOIN latest.org_units AS units ON units.org_unit = audits.org_unit
