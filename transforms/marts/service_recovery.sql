/*
Do those who complained stay, and how do they judge: complainants beside other customers, month by month.
grain: measure, period
owner: customer service
example:
    SELECT period, complainants, others, difference, verdict
    FROM marts.service_recovery
    WHERE measure = 'retained_12m_share'
    ORDER BY period
*/
WITH months AS (
    SELECT DISTINCT period FROM kpi.monthly WHERE cut = 'company'
),
stayed AS (
    SELECT
        CAST(date_trunc('month', received_on) AS DATE) AS period,
        count(*) AS n,
        CAST(count(CASE WHEN is_retained_12m THEN 1 END) AS DOUBLE) AS kept
    FROM core.complaint_recovery
    WHERE is_retained_12m IS NOT NULL
    GROUP BY 1
),
-- Customers by the months of their first and last policy: far fewer rows than customers.
customers AS (
    SELECT
        CAST(date_trunc('month', first_policy_on) AS DATE) AS first_month,
        CAST(date_trunc('month', left_on) AS DATE) AS last_month,
        coalesce(left_by IN ('death', 'claim_termination', 'maturity'), FALSE) AS left_otherwise,
        count(*) AS n
    FROM core.customers
    GROUP BY 1, 2, 3
),
everybody AS (
    SELECT
        stayed.period,
        sum(customers.n) AS n,
        sum(CASE
            WHEN customers.last_month IS NULL OR customers.last_month >= stayed.period + INTERVAL 12 MONTH THEN customers.n
            ELSE 0
        END) AS kept
    FROM stayed
    INNER JOIN customers
        ON customers.first_month < stayed.period
        AND (customers.last_month IS NULL OR customers.last_month >= stayed.period)
        AND (NOT customers.left_otherwise OR customers.last_month >= stayed.period + INTERVAL 12 MONTH)
    GROUP BY stayed.period
),
answers AS (
    SELECT
        CAST(date_trunc('month', responses.answered_on) AS DATE) AS period,
        responses.satisfaction_score AS score,
        EXISTS (
            SELECT 1
            FROM core.complaints AS complaints
            WHERE complaints.customer_id = responses.customer_id
                AND complaints.received_on <= responses.answered_on
                AND complaints.received_on > responses.answered_on - 365
        ) AS has_complained
    FROM core.survey_responses AS responses
    WHERE responses.is_valid AND NOT responses.is_audit AND responses.satisfaction_score IS NOT NULL
        AND responses.customer_id IS NOT NULL
),
scored AS (
    SELECT
        period,
        has_complained,
        count(*) AS n,
        sum(score) / count(*) AS mean,
        (sum(score * score) - sum(score) * sum(score) / count(*)) / nullif(count(*) - 1, 0) AS variance
    FROM answers
    GROUP BY period, has_complained
),
shares AS (
    SELECT
        stayed.period,
        stayed.n,
        stayed.kept / stayed.n AS share,
        everybody.n - stayed.n AS n_others,
        (everybody.kept - stayed.kept) / nullif(everybody.n - stayed.n, 0) AS others,
        -- Wilson's limits.
        (stayed.kept / stayed.n + 3.8415 / (2 * stayed.n)) / (1 + 3.8415 / stayed.n) AS middle,
        1.96 * sqrt(
            stayed.kept / stayed.n * (1 - stayed.kept / stayed.n) / stayed.n + 3.8415 / (4.0 * stayed.n * stayed.n)
        ) / (1 + 3.8415 / stayed.n) AS half
    FROM stayed
    INNER JOIN everybody ON everybody.period = stayed.period
),
compared AS (
    SELECT
        'retained_12m_share' AS measure,
        period,
        n AS n_complainants,
        share AS complainants,
        n_others,
        others,
        share - (middle - half) AS below,
        middle + half - share AS above
    FROM shares
    UNION ALL
    SELECT
        'satisfaction_score', own.period, own.n, own.mean, other.n, other.mean,
        1.96 * sqrt(own.variance / own.n + other.variance / other.n),
        1.96 * sqrt(own.variance / own.n + other.variance / other.n)
    FROM scored AS own
    INNER JOIN scored AS other ON other.period = own.period AND NOT other.has_complained
    WHERE own.has_complained
)
SELECT
    compared.measure,  -- retained_12m_share: had a policy in force a year later; satisfaction_score, 0 to 100.
    compared.period,  -- First day of the month of the complaint, or of the answer.
    compared.n_complainants,  -- Complaints; or answers of customers who had complained in the 365 days before.
    round(compared.complainants, 9) AS complainants,  -- Their share or mean.
    compared.n_others,  -- Other customers at the start of the month; or answers of customers who had not complained.
    round(compared.others, 9) AS others,  -- Theirs; of customers whose last policy did not end by death, a claim or maturity.
    round(compared.complainants - compared.others, 9) AS difference,  -- Complainants less others.
    round(compared.complainants - compared.others - compared.below, 9) AS difference_low,  -- Lower end of its 95 % interval: Wilson's of the complainants, as others are so many; of scores the normal one.
    round(compared.complainants - compared.others + compared.above, 9) AS difference_high,  -- Upper end of it.
    CASE
        WHEN compared.n_complainants < 20 OR compared.n_others < 20 THEN 'under 20 on a side'
        WHEN compared.complainants - compared.others > compared.below THEN 'higher'
        WHEN compared.others - compared.complainants > compared.above THEN 'lower'
        ELSE 'no evidence of a difference'
    END AS verdict  -- higher or lower than others, no evidence of a difference, or under 20 on a side.
FROM compared
INNER JOIN months ON months.period = compared.period
