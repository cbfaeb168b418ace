-- Each complaint with its dates, outcome and durations up to the as-of date. One row per complaint.
WITH seen AS (
    SELECT
        *,
        closed_on <= as_of AND NOT coalesce(reopened_on > closed_on AND reopened_on <= as_of, FALSE) AS stays_closed
    FROM staging.complaints, (SELECT as_of FROM staging.run)
    WHERE received_on <= as_of
),
known AS (
    SELECT
        * EXCLUDE (stays_closed) REPLACE (
            CASE WHEN first_response_on <= as_of THEN first_response_on END AS first_response_on,
            CASE WHEN stays_closed THEN closed_on END AS closed_on,
            CASE WHEN accepted_on <= as_of THEN accepted_on END AS accepted_on,
            CASE WHEN reopened_on <= as_of THEN reopened_on END AS reopened_on,
            CASE WHEN escalated_on <= as_of THEN escalated_on END AS escalated_on,
            CASE WHEN stays_closed THEN outcome END AS outcome
        )
    FROM seen
)
SELECT
    * EXCLUDE (as_of, merged_into, via_regulator),
    CASE WHEN outcome IS DISTINCT FROM 'withdrawn' THEN closed_on END AS decided_on,
    CASE WHEN outcome = 'withdrawn' THEN closed_on END AS withdrawn_on,
    via_regulator AS is_via_regulator,
    merged_into IS NOT NULL AS is_merged,
    CASE WHEN first_response_on >= received_on THEN first_response_on - received_on END AS received_to_response_days,
    CASE WHEN closed_on >= received_on THEN closed_on - received_on END AS received_to_closed_days,
    CASE WHEN closed_on IS NULL THEN as_of - received_on END AS age_days,
    CASE
        WHEN closed_on < received_on THEN 'closed before received'
        WHEN first_response_on < received_on THEN 'answered before received'
    END AS sequence_fault
FROM known
