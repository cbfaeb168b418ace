-- The measured columns of the KPIs of claims. One row per KPI, basis, cut, segment and month.
WITH cases AS (
    SELECT
        *,
        sequence_fault IS NOT NULL AS is_faulty,
        coalesce(outcome IN ('paid_full', 'paid_part'), FALSE) AS is_paid,
        coalesce(decided_on, withdrawn_on, (SELECT as_of FROM staging.run)) - reported_on AS seen_days
    FROM core.claims
    WHERE spell_no = 1 AND outcome IS DISTINCT FROM 'cancelled'
),
placed AS (
    SELECT 'reported' AS placed_by, date_trunc('month', reported_on) AS period, * FROM cases
    UNION ALL
    SELECT 'decided', date_trunc('month', decided_on), * FROM cases
    UNION ALL
    SELECT 'paid', date_trunc('month', paid_on), * FROM cases WHERE is_paid
    UNION ALL
    SELECT 'ended', date_trunc('month', ended_on), * FROM cases
),
wanted AS (
    SELECT *, NOT is_faulty AS counts, is_paid AND NOT is_faulty AS payment_counts
    FROM placed
    WHERE period IN (SELECT period FROM staging.periods)
),
sums AS (
    SELECT
        placed_by,
        period,
        CASE
            WHEN grouping(org_unit) = 0 THEN 'org_unit' WHEN grouping(region) = 0 THEN 'region'
            WHEN grouping(product_line) = 0 THEN 'product_line' WHEN grouping(channel) = 0 THEN 'channel'
            WHEN grouping(age_band) = 0 THEN 'age_band' ELSE 'company'
        END AS cut,
        coalesce(org_unit, region, product_line, channel, age_band, 'company') AS segment,
        quantile_cont(report_to_decision_days, [0.5, 0.9])
            FILTER (counts AND placed_by IN ('reported', 'decided')) AS decision_quantiles,
        count(report_to_decision_days) FILTER (counts) AS decisions,
        count(*) FILTER (counts AND report_to_decision_days IS NULL) AS undecided,
        count(*) FILTER (is_faulty) AS faulty,
        count(*) FILTER (counts AND decided_on IS NOT NULL AND seen_days BETWEEN 0 AND 30) AS met,
        count(*) FILTER (counts AND seen_days > 30) AS breached,
        count(*) FILTER (counts AND decided_on IS NULL AND seen_days BETWEEN 0 AND 30) AS undetermined,
        quantile_cont(report_to_payment_days, 0.5)
            FILTER (payment_counts AND placed_by IN ('reported', 'paid')) AS payment_median,
        sum(report_to_payment_days) FILTER (payment_counts) AS payment_days,
        count(report_to_payment_days) FILTER (payment_counts) AS payments,
        count(*) FILTER (payment_counts AND report_to_payment_days IS NULL) AS unpaid,
        count(*) FILTER (is_paid AND is_faulty) AS payments_faulty,
        count(*) FILTER (payment_counts) AS paid,
        count(*) FILTER (counts AND outcome IN ('paid_full', 'paid_part', 'rejected', 'zero')) AS settled
    FROM wanted
    GROUP BY GROUPING SETS (
        (placed_by, period), (placed_by, period, org_unit), (placed_by, period, region),
        (placed_by, period, product_line), (placed_by, period, channel), (placed_by, period, age_band)
    )
),
based AS (
    SELECT *, CASE placed_by WHEN 'reported' THEN 'cohort' ELSE 'period' END AS basis,
        payment_days / nullif(payments, 0) AS payment_mean
    FROM sums
)
SELECT
    'claim_report_to_decision_days_median' AS kpi, basis, cut, segment, period,
    CAST(NULL AS DOUBLE) AS numerator, CAST(decisions AS DOUBLE) AS denominator,
    CAST(decision_quantiles[1] AS DOUBLE) AS value,
    CAST(NULL AS DOUBLE) AS ci_low, CAST(NULL AS DOUBLE) AS ci_high,
    CAST(decisions AS BIGINT) AS n, CAST(undecided AS BIGINT) AS n_undetermined, CAST(faulty AS BIGINT) AS n_excluded
FROM based WHERE placed_by IN ('reported', 'decided')
UNION ALL
SELECT 'claim_report_to_decision_days_p90', basis, cut, segment, period,
    NULL, decisions, decision_quantiles[2], NULL, NULL, decisions, undecided, faulty
FROM based WHERE placed_by IN ('reported', 'decided')
UNION ALL
SELECT 'claim_decided_within_30_days_share', basis, cut, segment, period,
    met, met + breached, met / nullif(met + breached, 0), NULL, NULL, met + breached, undetermined, faulty
FROM based WHERE placed_by IN ('reported', 'decided')
UNION ALL
SELECT 'claim_report_to_payment_days_median', basis, cut, segment, period,
    NULL, payments, payment_median, NULL, NULL, payments, unpaid, payments_faulty
FROM based WHERE placed_by IN ('reported', 'paid')
UNION ALL
SELECT 'claim_report_to_payment_days_mean', basis, cut, segment, period,
    coalesce(payment_days, 0), payments, payment_mean, NULL, NULL, payments, unpaid, payments_faulty
FROM based WHERE placed_by IN ('reported', 'paid')
UNION ALL
SELECT 'claim_paid_share', basis, cut, segment, period,
    paid, settled, paid / nullif(settled, 0), NULL, NULL, settled, 0, faulty
FROM based WHERE placed_by IN ('reported', 'ended')
UNION ALL
SELECT 'claim_open_count', 'stock', cut, segment, period,
    stock.closing, NULL, stock.closing, NULL, NULL, stock.closing, 0, faulty.closing
FROM measured.stocks AS stock
INNER JOIN measured.stocks AS faulty USING (cut, segment, period)
WHERE stock.flow = 'claims' AND faulty.flow = 'faulty_claims'
