-- What a KPI's record needs besides its numbers. One row per KPI and basis.
WITH kpis (kpi, bases, unit, direction, horizon_days, minimum, suppress_below, is_count, definition_version) AS (
    VALUES
        ('claim_report_to_decision_days_median', ['cohort', 'period'], 'days', -1, 30, 30, 0, FALSE, '2'),
        ('claim_report_to_decision_days_p90', ['cohort', 'period'], 'days', -1, 30, 30, 0, FALSE, '2'),
        ('claim_report_to_payment_days_median', ['cohort', 'period'], 'days', -1, 60, 30, 0, FALSE, '2'),
        ('claim_report_to_payment_days_mean', ['cohort', 'period'], 'days', -1, 60, 30, 0, FALSE, '2'),
        ('claim_decided_within_30_days_share', ['cohort', 'period'], 'share', 1, 30, 30, 0, FALSE, '1'),
        ('claim_paid_share', ['cohort', 'period'], 'share', 1, 60, 50, 0, FALSE, '2-review'),
        ('claim_open_count', ['stock'], 'count', -1, 0, 1, 0, TRUE, '1'),
        ('complaints_received_count', ['cohort'], 'count', -1, 0, 1, 0, TRUE, '1'),
        ('complaints_closed_count', ['period'], 'count', 0, 0, 1, 0, TRUE, '2'),
        ('complaint_resolved_share', ['cohort'], 'share', 1, 60, 20, 0, FALSE, '2'),
        ('complaint_resolved_within_30_days_share', ['cohort', 'period'], 'share', 1, 30, 20, 0, FALSE, '2'),
        ('complaint_received_to_closed_days_median', ['cohort', 'period'], 'days', -1, 60, 20, 0, FALSE, '2'),
        ('complaint_received_to_closed_days_p90', ['cohort', 'period'], 'days', -1, 60, 20, 0, FALSE, '2'),
        ('complaint_upheld_share', ['cohort', 'period'], 'share', -1, 60, 20, 0, FALSE, '2'),
        ('complaints_per_10k_policies', ['cohort'], 'per_10k_policies', -1, 0, 1, 0, FALSE, '1'),
        ('surrender_policy_share', ['period'], 'share', -1, 0, 100, 0, FALSE, '2'),
        ('servqual_gap_points', ['period'], 'points', 1, 0, 30, 10, FALSE, '1'),
        ('nps_points', ['period'], 'points', 1, 0, 100, 10, FALSE, '1')
),
listed AS (
    SELECT * FROM kpis
    UNION ALL
    SELECT 'persistency_' || months || 'm_' || side || '_share', ['cohort'], 'share', 1, 0, 100, 0, FALSE, '2-default'
    FROM (SELECT unnest([13, 25, 37, 49, 61]) AS months), (SELECT unnest(['policy', 'premium']) AS side)
    UNION ALL
    SELECT 'servperf_' || dimension || '_score', ['period'], 'score_0_100', 1, 0, 30, 10, FALSE, '1'
    FROM (SELECT unnest(['tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy']) AS dimension)
)
SELECT * EXCLUDE (bases), unnest(bases) AS basis FROM listed
