/*
Where each segment stood each month: the index, the parts of its framework, headline KPIs and the change on the month before.
grain: framework, framework_version, period, cut, segment
owner: service quality
example:
    SELECT period, segment, index_score, index_change_points, index_signal, index_held_grade
    FROM marts.scorecard
    WHERE cut = 'region'
    ORDER BY period DESC, index_score DESC
*/
WITH nodes AS (
    SELECT
        framework,
        framework_version,
        period,
        cut,
        segment,
        max(CASE WHEN level = 0 THEN score END) AS index_score,
        max(CASE WHEN level = 0 THEN coverage END) AS index_coverage,
        max(CASE WHEN level = 0 THEN grade END) AS index_grade,
        max(CASE WHEN level = 0 THEN status END) AS index_status,
        max(CASE WHEN level = 0 THEN window_months END) AS window_months
    FROM index.scores
    GROUP BY framework, framework_version, period, cut, segment
),
parts AS (
    SELECT
        framework,
        framework_version,
        period,
        cut,
        segment,
        map_from_entries(array_agg((node, score) ORDER BY level, node)) AS part_scores
    FROM index.nodes
    WHERE kpi IS NULL AND level > 0
    GROUP BY framework, framework_version, period, cut, segment
),
kpis AS (
    SELECT
        period,
        cut,
        segment,
        max(CASE WHEN kpi = 'claim_decided_within_30_days_share' AND basis = 'period' THEN value END)
            AS claim_decided_within_30_days_share,
        max(CASE WHEN kpi = 'claim_report_to_payment_days_median' AND basis = 'period' THEN value END)
            AS claim_report_to_payment_days_median,
        max(CASE WHEN kpi = 'claim_paid_share' AND basis = 'period' THEN value END) AS claim_paid_share,
        max(CASE WHEN kpi = 'claim_open_count' THEN value END) AS claim_open_count,
        max(CASE WHEN kpi = 'complaint_resolved_within_30_days_share' AND basis = 'period' THEN value END)
            AS complaint_resolved_within_30_days_share,
        max(CASE WHEN kpi = 'complaints_per_10k_policies' THEN value END) AS complaints_per_10k_policies,
        max(CASE WHEN kpi = 'persistency_13m_premium_share' THEN value END) AS persistency_13m_premium_share,
        max(CASE WHEN kpi = 'surrender_policy_share' THEN value END) AS surrender_policy_share,
        max(CASE WHEN kpi = 'nps_points' THEN value END) AS nps_points
    FROM kpi.monthly
    GROUP BY period, cut, segment
)
SELECT
    nodes.framework,  -- Framework of the index.
    nodes.framework_version,  -- Its version; scores compare only within one.
    nodes.period,  -- First day of the month.
    nodes.cut,  -- What the company is divided by; company: the whole.
    nodes.segment,  -- The part of the cut.
    nodes.index_score,  -- Service-quality index, 0 to 100.
    nodes.index_score - lag(nodes.index_score) OVER series AS index_change_points,  -- Change on the month before.
    CASE
        WHEN signals.is_signal THEN 'signal'
        WHEN NOT signals.is_signal THEN 'no signal'
        ELSE 'no limits'
    END AS index_signal,  -- signal: more than noise; no signal; no limits while there are under 12 months.
    signals.sentence AS index_signal_sentence,  -- The same in words, with the limits of ordinary variation.
    grades.held_grade AS index_held_grade,  -- Grade to show: it moves once the change is more than noise.
    nodes.index_grade,  -- Grade on the framework's own scale, not a regulator's.
    nodes.index_coverage,  -- Share of the index's weight that has a value.
    nodes.index_status,  -- ok, or why there is no score.
    nodes.window_months,  -- Months behind the index: 1, or the most that a KPI of too few cases is taken over.
    parts.part_scores,  -- Score of each part of the framework's tree, 0 to 100, as part_scores['objective'].
    kpis.claim_decided_within_30_days_share,  -- Of claims decided in the month.
    kpis.claim_report_to_payment_days_median,  -- Of claims paid in the month, days.
    kpis.claim_paid_share,  -- Of claims ended in the month.
    kpis.claim_open_count,  -- At the end of the month.
    kpis.complaint_resolved_within_30_days_share,  -- Of complaints closed in the month.
    kpis.complaints_per_10k_policies,  -- Received in the month per 10,000 policies.
    kpis.persistency_13m_premium_share,  -- Of the 12 latest mature issue months.
    kpis.surrender_policy_share,  -- Surrendered in the month among those in force at its start.
    kpis.nps_points  -- Net promoter score, -100 to 100.
FROM nodes
LEFT JOIN parts
    ON parts.framework = nodes.framework
    AND parts.framework_version = nodes.framework_version
    AND parts.period = nodes.period
    AND parts.cut = nodes.cut
    AND parts.segment = nodes.segment
LEFT JOIN kpis ON kpis.period = nodes.period AND kpis.cut = nodes.cut AND kpis.segment = nodes.segment
LEFT JOIN index.signals AS signals
    ON signals.framework = nodes.framework
    AND signals.framework_version = nodes.framework_version
    AND signals.period = nodes.period
    AND signals.cut = nodes.cut
    AND signals.segment = nodes.segment
    AND signals.node = 'index'
LEFT JOIN index.grades AS grades
    ON grades.framework = nodes.framework
    AND grades.framework_version = nodes.framework_version
    AND grades.period = nodes.period
    AND grades.cut = nodes.cut
    AND grades.segment = nodes.segment
    AND grades.node = 'index'
WHERE nodes.segment <> 'unknown'
WINDOW series AS (
    PARTITION BY nodes.framework, nodes.framework_version, nodes.cut, nodes.segment ORDER BY nodes.period
)
