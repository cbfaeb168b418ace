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
SELECT
    parts.survey,  -- The survey.
    parts.wave,  -- Its wave.
    waves.is_audit,  -- Mystery shopping, not customers.
    waves.first_answered_on,  -- Day of the first answer.
    parts.roll_up,  -- dimension or stage: two sums of the same items.
    parts.part,  -- The dimension of service quality, or the stage of the journey.
    parts.status,  -- Under 10 effective respondents figures are withheld, under 30 shown and in no index.
    parts.n_perceptions,  -- Respondents with a perception, careless ones left out.
    parts.n_effective,  -- Respondents that an unweighted sample as precise would have.
    parts.n_gaps,  -- Respondents with a gap.
    parts.perception_score,  -- Mean of respondents' perceptions, 0 to 100 (SERVPERF).
    parts.weighted_perception_score,  -- The same weighted to those the wave speaks for.
    parts.weighted_perception_low,  -- Lower end of its 95 % interval.
    parts.weighted_perception_high,  -- Upper end of it.
    parts.perception_change,  -- Its change since the wave before.
    parts.perception_change_low,  -- Lower end of the 95 % interval of the change.
    parts.perception_change_high,  -- Upper end of it.
    parts.perception_verdict,  -- up, down, no evidence of change, or why there is no comparison.
    parts.perception_mean,  -- Mean of respondents' perceptions on the questions' own scale.
    parts.expectation_mean,  -- Mean of respondents' expectations, own scale.
    parts.gap_points,  -- Mean of respondents' gaps, perception less expectation (SERVQUAL).
    parts.weighted_gap_points,  -- The same weighted to those the wave speaks for.
    parts.importance_mean,  -- Mean importance as given; of stages nobody was asked.
    parts.n_satisfactions,  -- Respondents who said how satisfied they are with the part.
    parts.satisfaction_score,  -- Mean satisfaction with the part, 0 to 100.
    reliability.alpha,  -- Cronbach's alpha of the dimension's perceptions.
    reliability.alpha_low,  -- Lower end of its 95 % interval (Feldt).
    reliability.alpha_high,  -- Upper end of it.
    reliability.spearman_brown,  -- Reliability of a dimension of two items.
    reliability.reading AS reliability_reading,  -- acceptable, redundant or weak.
    waves.n_responses AS wave_responses,  -- Filled questionnaires of the wave.
    waves.n_careless AS wave_careless,  -- Of these filled without reading.
    waves.n_effective AS wave_effective,  -- Respondents that an unweighted sample as precise would have.
    waves.response_share AS wave_response_share,  -- Response rate of the wave (AAPOR RR1).
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
FROM core.survey_parts AS parts
INNER JOIN core.survey_waves AS waves ON waves.survey = parts.survey AND waves.wave = parts.wave
LEFT JOIN core.survey_reliability AS reliability
    ON reliability.survey = parts.survey
    AND reliability.wave = parts.wave
    AND reliability.dimension = parts.part
    AND parts.roll_up = 'dimension'
    AND parts.status IN ('ok', 'low_n')
