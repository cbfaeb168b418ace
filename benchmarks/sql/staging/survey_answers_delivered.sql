-- Survey answers as delivered: rows that have a key and were known on the as-of date.
SELECT
    survey, wave, response_id, question, answered_on, score, stage, seconds, customer_id, policy_id, claim_id,
    complaint_id, recorded_at
FROM read_parquet('feeds/survey_answers.parquet')
WHERE response_id IS NOT NULL
    AND question IS NOT NULL
    AND answered_on IS NOT NULL
    AND (recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.run))
