-- The two answers about one item side by side. One row per questionnaire and item with a dimension.
SELECT
    survey,
    wave,
    response_id,
    dimension,
    item,
    avg(value) FILTER (construct = 'perception') AS perception,
    avg(score_100) FILTER (construct = 'perception') AS perception_100,
    avg(value) FILTER (construct = 'expectation') AS expectation,
    avg(value) FILTER (construct = 'importance') AS importance,
    avg(score_100) FILTER (construct = 'satisfaction') AS satisfaction_100
FROM staging.scored_answers
WHERE dimension IS NOT NULL
    AND value IS NOT NULL
    AND construct IN ('perception', 'expectation', 'importance', 'satisfaction')
GROUP BY survey, wave, response_id, dimension, item
