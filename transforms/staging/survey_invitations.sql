/*
Invitations to surveys with the segment of who was invited, in the latest version known on the as-of date.
grain: survey, wave, invitation_id
owner: customer research
*/
SELECT
    invitations.survey,  -- The survey.
    invitations.wave,  -- Its wave.
    invitations.invitation_id,  -- The invitation.
    invitations.invited_on,  -- Day of the invitation.
    coalesce(invitations.frame, 'list') AS frame,  -- list, or popup.
    invitations.disposition,  -- What came of it.
    invitations.response_id,  -- The filled questionnaire.
    invitations.stage,  -- Stage of the customer's journey asked about.
    coalesce(invitations.customer_id, policies.customer_id) AS customer_id,  -- Whom it went to.
    invitations.policy_id,  -- The policy asked about.
    invitations.claim_id,  -- The claim asked about.
    invitations.complaint_id,  -- The complaint asked about.
    coalesce(invitations.org_unit, policies.org_unit, 'unknown') AS org_unit,  -- Unit asked about.
    coalesce(invitations.region, units.region, policies.region, 'unknown') AS region,  -- Region.
    coalesce(invitations.product_line, policies.product_line, 'unknown') AS product_line,  -- Product line.
    coalesce(invitations.channel, policies.channel, 'unknown') AS channel,  -- Sales channel.
    coalesce(invitations.age_band, policies.age_band, 'unknown') AS age_band,  -- Age band of the customer.
    coalesce(invitations.customer_segment, policies.customer_segment, 'unknown') AS customer_segment,  -- Segment of the customer.
    invitations.service_channel,  -- Way by which the customer was served.
    invitations.mode  -- How the customer was asked.
FROM latest.survey_invitations AS invitations
LEFT JOIN staging.policies AS policies ON policies.policy_id = invitations.policy_id
LEFT JOIN latest.org_units AS units ON units.org_unit = invitations.org_unit
