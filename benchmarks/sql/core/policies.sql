-- Each policy with its segment and the time it was in force. One row per policy.
WITH changes AS (
    SELECT
        policy_id,
        min({'effective_on': effective_on, 'event': event}) FILTER (
            event NOT IN ('lapse', 'reinstatement')
        ) AS termination,
        min(effective_on) FILTER (event = 'surrender') AS surrendered_on,
        max(effective_on) FILTER (event = 'lapse') AS lapsed_on,
        max(effective_on) FILTER (event = 'reinstatement') AS reinstated_on
    FROM staging.policy_events
    GROUP BY policy_id
),
judged AS (
    SELECT
        *,
        lapsed_on IS NOT NULL
            AND (reinstated_on IS NULL OR reinstated_on < lapsed_on)
            AND (termination IS NULL OR lapsed_on <= termination.effective_on) AS is_ended_by_lapse
    FROM changes
)
SELECT
    policies.* EXCLUDE (premium_term_months, modal_premium, grace_days),
    policies.org_unit AS current_org_unit,
    CASE WHEN is_ended_by_lapse THEN lapsed_on ELSE termination.effective_on END AS ended_on,
    CASE WHEN is_ended_by_lapse THEN 'lapse' ELSE termination.event END AS end_event,
    surrendered_on,
    lapsed_on,
    reinstated_on
FROM staging.policies AS policies
LEFT JOIN judged ON judged.policy_id = policies.policy_id
WHERE issued_on <= (SELECT as_of FROM staging.run)
