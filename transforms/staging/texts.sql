/*
All that customers write, with the segment of each: texts, and the comments of complaints and of surveys.
grain: text_id
owner: customer research
*/
SELECT
    texts.text_id,  -- The text; of comments complaint or survey and its key, with slashes between.
    texts.source,  -- Where it was written or said; comments are of the sources complaint and survey.
    texts.written_on,  -- Day it was written.
    texts.text,  -- What was written, numbers and addresses of people masked.
    texts.label,  -- What it is about, as a person sorted it.
    texts.second_label,  -- The same by a second person.
    texts.session,  -- The interview or group.
    coalesce(texts.is_external, texts.source IN ('platform', 'social')) AS is_external,  -- Published outside the insurer's own channels.
    CAST(NULL AS VARCHAR) AS survey,  -- The survey of a comment.
    CAST(NULL AS VARCHAR) AS wave,  -- Its wave.
    CAST(NULL AS VARCHAR) AS response_id,  -- The questionnaire with the comment.
    coalesce(texts.customer_id, policies.customer_id) AS customer_id,  -- Who wrote it.
    texts.policy_id,  -- The policy it is about.
    texts.claim_id,  -- The claim it is about.
    texts.complaint_id,  -- The complaint it is about, or is the comment of.
    coalesce(texts.org_unit, policies.org_unit, 'unknown') AS org_unit,  -- Unit it is about.
    coalesce(texts.region, units.region, policies.region, 'unknown') AS region,  -- Region.
    coalesce(texts.product_line, policies.product_line, 'unknown') AS product_line,  -- Product line.
    coalesce(texts.channel, policies.channel, 'unknown') AS channel,  -- Sales channel.
    coalesce(texts.age_band, policies.age_band, 'unknown') AS age_band,  -- Age band of the customer.
    coalesce(texts.customer_segment, policies.customer_segment, 'unknown') AS customer_segment,  -- Segment of the customer.
    coalesce(texts.service_channel, 'unknown') AS service_channel  -- Way by which the insurer got it.
FROM latest.texts AS texts
LEFT JOIN staging.policies AS policies ON policies.policy_id = texts.policy_id
LEFT JOIN latest.org_units AS units ON units.org_unit = texts.org_unit
UNION ALL
SELECT
    'complaint/' || complaints.complaint_id,
    'complaint',
    complaints.received_on,
    said.comment,
    complaints.category,
    NULL,
    NULL,
    FALSE,
    NULL,
    NULL,
    NULL,
    complaints.customer_id,
    complaints.policy_id,
    complaints.claim_id,
    complaints.complaint_id,
    complaints.org_unit,
    complaints.region,
    complaints.product_line,
    complaints.channel,
    complaints.age_band,
    complaints.customer_segment,
    complaints.service_channel
FROM latest.complaints AS said
JOIN staging.complaints AS complaints ON complaints.complaint_id = said.complaint_id
WHERE said.comment IS NOT NULL
UNION ALL
SELECT
    concat_ws('/', 'survey', answers.survey, answers.wave, answers.response_id, answers.question),
    'survey',
    answers.answered_on,
    answers.comment,
    NULL,
    NULL,
    NULL,
    FALSE,
    answers.survey,
    answers.wave,
    answers.response_id,
    answers.customer_id,
    answers.policy_id,
    answers.claim_id,
    answers.complaint_id,
    answers.org_unit,
    answers.region,
    answers.product_line,
    answers.channel,
    answers.age_band,
    answers.customer_segment,
    answers.service_channel
FROM staging.survey_answers AS answers
WHERE answers.comment IS NOT NULL
