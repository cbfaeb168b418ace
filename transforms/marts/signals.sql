/*
Everything that is more than noise: KPIs and parts of the index beyond their ordinary variation, in words.
grain: measure, framework_version, basis, cut, segment, period
owner: service quality
example:
    SELECT period, segment, measure, sentence
    FROM marts.signals
    WHERE NOT is_good AND cut = 'org_unit'
    ORDER BY period DESC, segment
*/
SELECT
    signals.kpi AS measure,  -- KPI, or framework and part of the index as in life_default index.
    'kpi' AS kind,  -- kpi or index.
    '' AS framework_version,  -- Version of the framework; empty for a KPI.
    signals.basis,  -- cohort, period or stock; of the index: period.
    signals.cut,  -- What the company is divided by; company: the whole.
    signals.segment,  -- The part of the cut.
    signals.period,  -- First day of the month.
    signals.value,  -- Value in its unit.
    signals.centre,  -- What is usual.
    signals.lower,  -- Lower limit of ordinary variation.
    signals.upper,  -- Upper limit of ordinary variation.
    signals.chart,  -- Control chart.
    signals.rule,  -- First rule broken.
    signals.is_good,  -- Whether it is for the better; empty without a good side.
    funnels.position AS among_segments,  -- Where the segment stands among those of its cut: within or beyond limits.
    signals.sentence  -- The signal in words.
FROM kpi.signals AS signals
LEFT JOIN kpi.funnels AS funnels
    ON funnels.kpi = signals.kpi
    AND funnels.basis = signals.basis
    AND funnels.cut = signals.cut
    AND funnels.segment = signals.segment
    AND funnels.period = signals.period
WHERE signals.is_signal AND signals.segment <> 'unknown'
UNION ALL
SELECT
    framework || ' ' || node AS measure,
    'index' AS kind,
    framework_version,
    'period' AS basis,
    cut,
    segment,
    period,
    value,
    centre,
    lower,
    upper,
    chart,
    rule,
    is_good,
    CAST(NULL AS VARCHAR) AS among_segments,
    sentence
FROM index.signals
WHERE is_signal AND segment <> 'unknown'
