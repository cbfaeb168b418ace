-- One questionnaire's scores and gap on each dimension. One row per questionnaire and dimension.
WITH pairs AS (
    SELECT survey, dimension, count(*) AS n_asked
    FROM staging.survey_questions
    WHERE is_paired
    GROUP BY survey, dimension
),
scores AS (
    SELECT
        survey,
        wave,
        response_id,
        dimension,
        avg(perception) AS perception_mean,
        avg(perception_100) AS perception_score,
        avg(expectation) AS expectation_mean,
        avg(perception - expectation) AS gap_points,
        avg(importance) AS importance_mean,
        avg(satisfaction_100) AS satisfaction_score,
        count(perception) AS n_items,
        count(perception - expectation) AS n_pairs
    FROM staging.survey_items
    GROUP BY survey, wave, response_id, dimension
)
SELECT
    scores.* REPLACE (CASE WHEN n_pairs >= 0.5 * coalesce(n_asked, 0) THEN gap_points END AS gap_points),
    responses.stage,
    responses.answered_on,
    responses.org_unit,
    responses.region,
    responses.product_line,
    responses.channel,
    responses.age_band,
    responses.is_valid,
    responses.is_audit
FROM scores
INNER JOIN core.survey_responses AS responses
    ON responses.survey = scores.survey
    AND responses.wave = scores.wave
    AND responses.response_id = scores.response_id
LEFT JOIN pairs ON pairs.survey = scores.survey AND pairs.dimension = scores.dimension
