/*
What customers said, wave by wave: every dimension and every stage of their journey, rolled up from the same items,
with the figures of the whole wave beside them.
grain: survey, wave, roll_up, part
owner: customer research
example:
    SELECT wave, part, perception_score, gap_points, alpha, wave_nps_points, wave_nps_verdict
    FROM marts.survey_report
    WHERE roll_up = 'dimension'
    ORDER BY wave DESC, gap_points
*/
WITH parts AS (
    SELECT
        survey,
        wave,
        'dimension' AS roll_up,
        dimension AS part,
        count(perception_mean) AS n_perceptions,
        count(gap_points) AS n_gaps,
        avg(perception_mean) AS perception_mean,
        avg(perception_score) AS perception_score,
        avg(expectation_mean) AS expectation_mean,
        avg(gap_points) AS gap_points,
        avg(importance_mean) AS importance_mean,
        avg(satisfaction_score) AS satisfaction_score
    FROM core.survey_scores
    WHERE is_valid
    GROUP BY survey, wave, dimension
    UNION ALL
    SELECT
        survey,
        wave,
        'stage' AS roll_up,
        stage AS part,
        count(perception_mean) AS n_perceptions,
        count(gap_points) AS n_gaps,
        avg(perception_mean) AS perception_mean,
        avg(perception_score) AS perception_score,
        avg(expectation_mean) AS expectation_mean,
        avg(gap_points) AS gap_points,
        CAST(NULL AS DOUBLE) AS importance_mean,
        avg(satisfaction_score) AS satisfaction_score
    FROM core.survey_stage_scores
    WHERE is_valid
    GROUP BY survey, wave, stage
)
SELECT
    waves.survey,  -- The survey.
    waves.wave,  -- Its wave.
    waves.is_audit,  -- Mystery shopping, not customers.
    waves.first_answered_on,  -- Day of the first answer.
    parts.roll_up,  -- dimension or stage: two sums of the same items.
    parts.part,  -- The dimension of service quality, or the stage of the journey.
    CASE
        WHEN parts.n_perceptions = 0 THEN 'no_data'
        WHEN parts.n_perceptions < 10 THEN 'suppressed'
        WHEN parts.n_perceptions < 30 THEN 'low_n'
        ELSE 'ok'
    END AS status,  -- Under 10 respondents figures are withheld, under 30 they are shown and count in nothing.
    parts.n_perceptions,  -- Respondents with a perception, careless ones left out.
    parts.n_gaps,  -- Respondents with a gap.
    CASE WHEN parts.n_perceptions >= 10 THEN parts.perception_score END
        AS perception_score,  -- Mean of respondents' perceptions, 0 to 100 (SERVPERF).
    CASE WHEN parts.n_perceptions >= 10 THEN parts.perception_mean END
        AS perception_mean,  -- The same on the questions' own scale.
    CASE WHEN parts.n_perceptions >= 10 THEN parts.expectation_mean END
        AS expectation_mean,  -- Mean of respondents' expectations, own scale.
    CASE WHEN parts.n_gaps >= 10 THEN parts.gap_points END
        AS gap_points,  -- Mean of respondents' gaps, perception less expectation (SERVQUAL).
    CASE WHEN parts.n_perceptions >= 10 THEN parts.importance_mean END
        AS importance_mean,  -- Mean importance as given; of stages nobody was asked.
    CASE WHEN parts.n_perceptions >= 10 THEN parts.satisfaction_score END
        AS satisfaction_score,  -- Mean satisfaction with the part, 0 to 100.
    reliability.alpha,  -- Cronbach's alpha of the dimension's perceptions.
    reliability.alpha_low,  -- Lower end of its 95 % interval (Feldt).
    reliability.alpha_high,  -- Upper end of it.
    reliability.reading AS alpha_reading,  -- acceptable, redundant or weak.
    waves.n_responses AS wave_responses,  -- Filled questionnaires of the wave.
    waves.n_careless AS wave_careless,  -- Of these filled without reading.
    waves.nps_points AS wave_nps_points,  -- Net promoter score of the wave.
    waves.nps_low AS wave_nps_low,  -- Lower end of its 95 % interval.
    waves.nps_high AS wave_nps_high,  -- Upper end of it.
    waves.nps_change_points AS wave_nps_change_points,  -- Its change since the wave before.
    waves.nps_change_low AS wave_nps_change_low,  -- Lower end of the 95 % interval of the change.
    waves.nps_change_high AS wave_nps_change_high,  -- Upper end of it.
    waves.nps_verdict AS wave_nps_verdict,  -- up, down, no evidence of change, or why there is no comparison.
    waves.ces_mean AS wave_ces_mean,  -- Customer effort score of the wave, 7 is easy.
    waves.csi_score AS wave_csi_score,  -- Customer satisfaction index of the wave, 0 to 100.
    waves.servqual_gap_points AS wave_servqual_gap_points,  -- SERVQUAL gap of the wave, dimensions equal.
    waves.servqual_weighted_gap_points
        AS wave_servqual_weighted_gap_points,  -- The same weighted by the customers' own allocation.
    waves.servperf_weighted_score AS wave_servperf_weighted_score  -- SERVPERF of the wave, likewise weighted.
FROM parts
INNER JOIN core.survey_waves AS waves ON waves.survey = parts.survey AND waves.wave = parts.wave
LEFT JOIN core.survey_reliability AS reliability
    ON reliability.survey = parts.survey
    AND reliability.wave = parts.wave
    AND reliability.dimension = parts.part
    AND parts.roll_up = 'dimension'
