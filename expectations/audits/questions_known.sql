/*
Answers to questions that no questionnaire has are in no score. The feed of questions may be missing or
older than the answers.
severity: warning
tables: raw.survey_answers
*/
SELECT survey, question, count(*) AS answers
FROM raw.survey_answers
ANTI JOIN raw.survey_questions USING (survey, question)
GROUP BY survey, question
