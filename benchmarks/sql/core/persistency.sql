-- Did the policy persist to its k-th month? One row per policy and duration of 13, 25, 37, 49 or 61 months.
WITH exits AS (
    SELECT
        policy_id,
        min(effective_on) FILTER (event = 'free_look_cancellation') AS free_look_cancellation_on,
        min(effective_on) FILTER (event = 'claim_termination') AS claim_termination_on,
        min(effective_on) FILTER (event = 'death') AS death_on,
        min(effective_on) FILTER (event = 'maturity') AS maturity_on,
        min(effective_on) FILTER (event = 'transfer_out') AS transfer_out_on,
        min(effective_on) FILTER (event = 'conversion') AS conversion_on,
        min(effective_on) FILTER (event = 'cancellation') AS cancellation_on,
        min(effective_on) FILTER (event = 'waiver') AS waiver_on
    FROM staging.policy_events
    GROUP BY policy_id
),
instalments AS (
    SELECT
        policy_id,
        months_since_issue,
        min(paid_on) AS paid_on,
        CAST(sum(paid_amount) AS DOUBLE) AS paid_amount
    FROM staging.premiums
    GROUP BY policy_id, months_since_issue
),
due AS (
    SELECT
        policies.* EXCLUDE (customer_id, product_code, term_months, sum_assured, renews_policy_id),
        CAST(date_trunc('month', issued_on) AS DATE) AS issued_month,
        duration_months,
        CAST(issued_on + to_months(duration_months - 1) AS DATE) AS due_on,
        due_on + coalesce(grace_days, 60) AS matures_on,
        CASE pay_mode WHEN 'half_yearly' THEN 2 WHEN 'quarterly' THEN 4 WHEN 'monthly' THEN 12 ELSE 1 END
            AS instalments_a_year,
        coalesce(CAST(annual_premium AS DOUBLE), CAST(modal_premium AS DOUBLE) * instalments_a_year) AS annual
    FROM staging.policies AS policies, (SELECT unnest([13, 25, 37, 49, 61]) AS duration_months)
    WHERE issued_on <= (SELECT as_of FROM staging.run)
        AND date_trunc('month', issued_on) + to_months(duration_months - 1) <= (SELECT as_of FROM staging.run)
),
judged AS (
    SELECT
        due.*,
        instalments.paid_amount,
        waiver_on <= matures_on AS is_waived,
        coalesce(instalments.paid_on <= matures_on AND coalesce(paid_amount > 0, TRUE), FALSE)
            OR coalesce(waiver_on <= matures_on, FALSE) AS is_paid,
        CASE
            WHEN matures_on > (SELECT as_of FROM staging.run) THEN 'immature'
            WHEN pay_mode = 'single' THEN 'single_premium'
            WHEN premium_term_months < due.duration_months THEN 'premium_term_over'
            WHEN free_look_cancellation_on <= matures_on THEN 'free_look_cancellation'
            WHEN claim_termination_on <= matures_on THEN 'claim_termination'
            WHEN death_on <= matures_on THEN 'death'
            WHEN maturity_on <= matures_on THEN 'maturity'
            WHEN transfer_out_on <= matures_on THEN 'transfer_out'
            WHEN conversion_on <= matures_on THEN 'conversion'
            WHEN cancellation_on <= matures_on THEN 'cancellation'
        END AS exclusion
    FROM due
    LEFT JOIN exits ON exits.policy_id = due.policy_id
    LEFT JOIN instalments
        ON instalments.policy_id = due.policy_id AND instalments.months_since_issue = due.duration_months - 1
)
SELECT
    policy_id,
    duration_months,
    issued_month,
    org_unit,
    region,
    product_line,
    channel,
    age_band,
    org_unit AS current_org_unit,
    due_on,
    matures_on,
    exclusion IS NULL AS eligible,
    exclusion IS NULL AND is_paid AS persisting,
    CASE WHEN eligible AND is_waived IS NOT TRUE THEN annual WHEN annual IS NOT NULL THEN 0 END AS premium_at_issue,
    CASE
        WHEN persisting AND is_waived IS NOT TRUE
            THEN least(coalesce(paid_amount * instalments_a_year, annual), annual)
        WHEN annual IS NOT NULL THEN 0
    END AS premium_received,
    exclusion,
    'default' AS variant
FROM judged
