/*
Answers to surveys with the segment of the respondent, in the latest version known on the as-of date.
grain: survey, wave, response_id, question
owner: customer research
*/
SELECT
    answers.survey,  -- The survey.
    answers.wave,  -- Its wave.
    answers.response_id,  -- The filled questionnaire.
    answers.question,  -- The question.
    answers.answered_on,  -- Day of the answer.
    answers.score,  -- Answer on the question's scale.
    answers.comment,  -- Open answer.
    answers.stage,  -- Stage of the customer's journey.
    answers.seconds,  -- Seconds the questionnaire took.
    coalesce(answers.customer_id, policies.customer_id) AS customer_id,  -- The respondent.
    answers.policy_id,  -- The policy asked about.
    answers.claim_id,  -- The claim asked about.
    answers.complaint_id,  -- The complaint asked about.
    coalesce(answers.org_unit, policies.org_unit, 'unknown') AS org_unit,  -- Unit asked about.
    coalesce(answers.region, units.region, policies.region, 'unknown') AS region,  -- Region.
    coalesce(answers.product_line, policies.product_line, 'unknown') AS product_line,  -- Product line.
    coalesce(answers.channel, policies.channel, 'unknown') AS channel,  -- Sales channel.
    coalesce(answers.age_band, policies.age_band, 'unknown') AS age_band,  -- Age band of the respondent.
    coalesce(answers.customer_segment, policies.customer_segment, 'unknown') AS customer_segment,  -- Segment of the customer.
    answers.service_channel,  -- Way by which the customer was served.
    answers.mode  -- How the answers were given.
FROM latest.survey_answers AS answers
LEFT JOIN staging.policies AS policies ON policies.policy_id = answers.policy_id
LEFT JOIN latest.org_units AS units ON units.org_unit = answers.org_unit
