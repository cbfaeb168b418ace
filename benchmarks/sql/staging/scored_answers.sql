-- Answers up to the as-of date with their question: value on its scale and score from 0 to 100.
SELECT
    answers.survey,
    answers.wave,
    answers.response_id,
    answers.answered_on,
    answers.stage,
    answers.seconds,
    answers.customer_id,
    answers.policy_id,
    answers.claim_id,
    answers.complaint_id,
    answers.score,
    questions.item,
    questions.construct,
    questions.dimension,
    questions.scale_min,
    questions.scale_max,
    questions.is_paired,
    coalesce(answers.score NOT BETWEEN questions.scale_min AND questions.scale_max, FALSE) AS is_out_of_scale,
    CASE WHEN questions.construct IS NOT NULL AND NOT is_out_of_scale THEN answers.score END AS value,
    (value - questions.scale_min) / (questions.scale_max - questions.scale_min) * 100 AS score_100
FROM staging.survey_answers AS answers
LEFT JOIN staging.survey_questions AS questions
    ON questions.survey = answers.survey AND questions.question = answers.question
WHERE answers.answered_on <= (SELECT as_of FROM staging.run)
