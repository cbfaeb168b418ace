/*
The index and every part of it that is no KPI, by month, or by the quarters or years of its framework: score, the grade to show, and whether its change is noise.
grain: framework, framework_version, cut, segment, node, period
owner: service quality
example:
    SELECT period, score, score_low, score_high, grade, change_on_month, signal
    FROM marts.index_trend
    WHERE cut = 'company' AND node = 'index'
    ORDER BY period
*/
SELECT
    now.framework,  -- Framework of the index.
    now.framework_version,  -- Its version; scores compare only within one.
    now.cut,  -- What the company is divided by; company: the whole.
    now.segment,  -- The part of the cut.
    now.node,  -- Part of the index; the index itself is called index.
    now.level,  -- Depth in the framework's tree: 0 is the index.
    now.period,  -- First day of the month, or of the longer period that the framework scores.
    now.score,  -- 0 to 100, higher is better; empty where too much is missing.
    intervals.score_low,  -- Lower end of the 95 % interval, where the project asks for draws.
    intervals.score_high,  -- Upper end of it.
    now.coverage,  -- Share of the part's weight that has a value.
    now.status,  -- ok, or why there is no score.
    grades.held_grade AS grade,  -- Grade to show, on the framework's own scale; it moves once a change is no noise.
    now.grade AS month_grade,  -- Grade that this period's score alone would have.
    now.score - month_before.score AS change_on_month,  -- Points since the month before; empty for longer periods, whose change the sentence says.
    now.score - year_before.score AS change_on_year,  -- Points since the same period of the year before.
    CASE
        WHEN signals.is_signal THEN 'signal'
        WHEN NOT signals.is_signal THEN 'no signal'
        ELSE 'no limits'
    END AS signal,  -- signal, no signal, or no limits while there are under 12 periods before.
    signals.sentence AS signal_sentence  -- The score, its change on the period before and the limits of ordinary variation, in words.
FROM index.scores AS now
INNER JOIN index.nodes AS nodes
    ON nodes.framework = now.framework
    AND nodes.framework_version = now.framework_version
    AND nodes.period = now.period
    AND nodes.cut = now.cut
    AND nodes.segment = now.segment
    AND nodes.node = now.node
LEFT JOIN index.scores AS month_before
    ON month_before.framework = now.framework
    AND month_before.framework_version = now.framework_version
    AND month_before.cut = now.cut
    AND month_before.segment = now.segment
    AND month_before.node = now.node
    AND month_before.period = CAST(now.period - INTERVAL 1 MONTH AS DATE)
LEFT JOIN index.scores AS year_before
    ON year_before.framework = now.framework
    AND year_before.framework_version = now.framework_version
    AND year_before.cut = now.cut
    AND year_before.segment = now.segment
    AND year_before.node = now.node
    AND year_before.period = CAST(now.period - INTERVAL 12 MONTH AS DATE)
LEFT JOIN index.grades AS grades
    ON grades.framework = now.framework
    AND grades.framework_version = now.framework_version
    AND grades.period = now.period
    AND grades.cut = now.cut
    AND grades.segment = now.segment
    AND grades.node = now.node
LEFT JOIN index.score_intervals AS intervals
    ON intervals.framework = now.framework
    AND intervals.framework_version = now.framework_version
    AND intervals.period = now.period
    AND intervals.cut = now.cut
    AND intervals.segment = now.segment
    AND intervals.node = now.node
LEFT JOIN index.signals AS signals
    ON signals.framework = now.framework
    AND signals.framework_version = now.framework_version
    AND signals.period = now.period
    AND signals.cut = now.cut
    AND signals.segment = now.segment
    AND signals.node = now.node
WHERE nodes.kpi IS NULL AND now.segment <> 'unknown'
