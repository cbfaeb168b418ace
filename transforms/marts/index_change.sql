/*
Why the index moved since the month before, KPI by KPI, largest first: a waterfall from one score to the other.
grain: framework, framework_version, cut, segment, period, node
owner: service quality
example:
    SELECT rank, kpi, basis, value_before, value_after, contribution_points, bar_from, bar_to
    FROM marts.index_change
    WHERE cut = 'company' AND period = (SELECT max(period) FROM marts.index_change)
    ORDER BY rank
    -- then the KPI by branch in marts.kpi_trend, and its cases by
    -- policypulse cases KPI --basis BASIS --period 2025-12 --segment BRANCH
*/
SELECT
    parts.framework,  -- Framework of the index.
    parts.framework_version,  -- Its version.
    parts.cut,  -- What the company is divided by; company: the whole.
    parts.segment,  -- The part of the cut.
    parts.period,  -- First day of the month.
    parts.period_from,  -- Month it is compared with.
    row_number() OVER waterfall AS rank,  -- 1 for what moved the index most, up or down.
    now.parent,  -- Part of the index the KPI counts in.
    parts.node,  -- Leaf of the framework's tree.
    parts.kpi,  -- Its KPI.
    now.basis,  -- Basis of the KPI's records.
    before.value AS value_before,  -- Value of the KPI the month before, in its own unit.
    now.value AS value_after,  -- Value of the KPI, in its own unit.
    before.score AS score_before,  -- Score of the KPI the month before, 0 to 100.
    now.score AS score_after,  -- Score of the KPI, 0 to 100.
    parts.total_points AS contribution_points,  -- Points it moved the index; they sum to its change.
    parts.value_points,  -- Of these, from the KPI's value.
    parts.weight_points,  -- Of these, from its weight.
    parts.composition_points,  -- Of these, because a KPI has a value in one of the months only.
    index_before.score + sum(parts.total_points) OVER waterfall - parts.total_points
        AS bar_from,  -- Where the bar of the waterfall begins: the first at the index of the month before.
    index_before.score + sum(parts.total_points) OVER waterfall
        AS bar_to,  -- Where it ends: the last at the index of the month.
    index_before.score AS index_before,  -- The index the month before.
    index_now.score AS index_after  -- The index of the month.
FROM index.contributions AS parts
INNER JOIN index.nodes AS now
    ON now.framework = parts.framework
    AND now.framework_version = parts.framework_version
    AND now.cut = parts.cut
    AND now.segment = parts.segment
    AND now.period = parts.period
    AND now.node = parts.node
INNER JOIN index.nodes AS before
    ON before.framework = parts.framework
    AND before.framework_version = parts.framework_version
    AND before.cut = parts.cut
    AND before.segment = parts.segment
    AND before.period = parts.period_from
    AND before.node = parts.node
INNER JOIN index.scores AS index_now
    ON index_now.framework = parts.framework
    AND index_now.framework_version = parts.framework_version
    AND index_now.cut = parts.cut
    AND index_now.segment = parts.segment
    AND index_now.period = parts.period
    AND index_now.level = 0
INNER JOIN index.scores AS index_before
    ON index_before.framework = parts.framework
    AND index_before.framework_version = parts.framework_version
    AND index_before.cut = parts.cut
    AND index_before.segment = parts.segment
    AND index_before.period = parts.period_from
    AND index_before.level = 0
WHERE parts.kpi IS NOT NULL AND parts.segment <> 'unknown'
WINDOW waterfall AS (
    PARTITION BY parts.framework, parts.framework_version, parts.cut, parts.segment, parts.period
    ORDER BY abs(parts.total_points) DESC, parts.node
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
)
