-- The questions with their scales, and how many pairs of expectation and perception their dimension has.
SELECT
    survey,
    question,
    coalesce(item, question) AS item,
    construct,
    dimension,
    CAST(scale_min AS DOUBLE) AS scale_min,
    CAST(scale_max AS DOUBLE) AS scale_max,
    construct = 'perception' AND dimension IS NOT NULL
        AND bool_or(construct = 'expectation') OVER (PARTITION BY survey, dimension, coalesce(item, question))
        AS is_paired
FROM read_csv('feeds/survey_questions.csv', all_varchar = true)
