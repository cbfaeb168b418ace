-- Whom a filled questionnaire is about, how likely they recommend, whether it is valid. One row per questionnaire.
WITH responses AS (
    SELECT
        survey,
        wave,
        response_id,
        max(answered_on) AS answered_on,
        coalesce(max(stage), 'unknown') AS stage,
        max(policy_id) AS policy_id,
        max(claim_id) AS claim_id,
        max(complaint_id) AS complaint_id,
        max(customer_id) AS customer_id,
        max(seconds) AS seconds,
        count(value) AS n_answered,
        count(*) FILTER (is_out_of_scale) AS n_out_of_scale,
        count(*) FILTER (construct IS NULL) AS n_unknown_questions,
        avg(value) FILTER (construct = 'recommendation' AND scale_min = 0 AND scale_max = 10) AS nps_score,
        avg(value) FILTER (construct = 'effort' AND scale_min = 1 AND scale_max = 7) AS ces_score,
        avg(score_100) FILTER (construct = 'satisfaction' AND dimension IS NULL) AS satisfaction_score,
        count(score) FILTER (construct IN ('perception', 'expectation')) >= 10
            AND coalesce(
                max(score) FILTER (construct = 'perception') = min(score) FILTER (construct = 'perception'), TRUE
            )
            AND coalesce(
                max(score) FILTER (construct = 'expectation') = min(score) FILTER (construct = 'expectation'), TRUE
            ) AS straight_lining
    FROM staging.scored_answers
    GROUP BY survey, wave, response_id
)
SELECT
    responses.* EXCLUDE (customer_id),
    coalesce(responses.customer_id, policies.customer_id) AS customer_id,
    coalesce(policies.org_unit, 'unknown') AS org_unit,
    coalesce(policies.region, 'unknown') AS region,
    coalesce(policies.product_line, 'unknown') AS product_line,
    coalesce(policies.channel, 'unknown') AS channel,
    coalesce(policies.age_band, 'unknown') AS age_band,
    coalesce(seconds < 2.0 * n_answered, FALSE) AS speeding,
    NOT (straight_lining OR speeding) AS is_valid,
    FALSE AS is_audit
FROM responses
LEFT JOIN staging.policies AS policies ON policies.policy_id = responses.policy_id
