/*
The questions of the surveys.
grain: survey, question
owner: customer research
*/
SELECT
    survey,  -- The survey.
    question,  -- Code of the question.
    item,  -- What the two questions of a pair have in common.
    construct,  -- What it measures.
    dimension,  -- Dimension of service quality.
    stage,  -- Stage of the customer's journey.
    scale_min,  -- Lowest answer.
    scale_max,  -- Highest answer.
    coalesce(reverse, FALSE) AS reverse  -- A low answer is good.
FROM latest.survey_questions
