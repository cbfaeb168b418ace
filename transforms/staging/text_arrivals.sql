/*
Since when each text is known: when the first of its versions was recorded.
grain: text_id
owner: customer research
*/
SELECT
    texts.text_id,  -- The text, by the name that it has in staging.texts.
    min(texts.recorded_at) AS first_recorded_at  -- When it was first recorded; empty where no source says so.
FROM known.texts AS texts
GROUP BY texts.text_id
UNION ALL
SELECT
    'complaint/' || complaints.complaint_id,
    min(complaints.recorded_at)
FROM known.complaints AS complaints
WHERE complaints.comment IS NOT NULL
GROUP BY complaints.complaint_id
UNION ALL
SELECT
    concat_ws('/', 'survey', answers.survey, answers.wave, answers.response_id, answers.question),
    min(answers.recorded_at)
FROM known.survey_answers AS answers
WHERE answers.comment IS NOT NULL
GROUP BY answers.survey, answers.wave, answers.response_id, answers.question
