-- Survey answers in their latest version. One row per answer.
WITH repeated AS (
    SELECT survey, wave, response_id, question
    FROM staging.survey_answers_delivered
    GROUP BY survey, wave, response_id, question
    HAVING count(*) > 1
)
SELECT * FROM staging.survey_answers_delivered ANTI JOIN repeated USING (survey, wave, response_id, question)
UNION ALL
SELECT * FROM staging.survey_answers_delivered SEMI JOIN repeated USING (survey, wave, response_id, question)
QUALIFY row_number() OVER (
    PARTITION BY survey, wave, response_id, question ORDER BY recorded_at DESC NULLS LAST
) = 1
