/*
Branches by their index, month by month, with what says whether a rank means anything: rank intervals and funnel limits.
grain: framework, framework_version, period, org_unit
owner: service quality
example:
    SELECT org_unit, rank, n_branches, score, grade, signal, alerts
    FROM marts.branch_ranking
    WHERE period = (SELECT max(period) FROM marts.branch_ranking)
    ORDER BY rank
*/
WITH branches AS (
    SELECT
        framework,
        framework_version,
        period,
        segment,
        score,
        coverage,
        rank() OVER (
            PARTITION BY framework, framework_version, period ORDER BY round(score, 9) DESC
        ) AS place,
        count(*) OVER (PARTITION BY framework, framework_version, period) AS n_branches
    FROM index.scores
    WHERE level = 0 AND cut = 'org_unit' AND segment <> 'unknown' AND score IS NOT NULL
),
flags AS (
    SELECT
        nodes.framework,
        nodes.framework_version,
        nodes.period,
        nodes.segment,
        count(CASE WHEN funnels.position LIKE '%_998' AND funnels.is_good THEN 1 END) AS n_kpis_above_others,
        count(CASE WHEN funnels.position LIKE '%_998' AND NOT funnels.is_good THEN 1 END) AS n_kpis_below_others,
        string_agg(
            CASE WHEN funnels.position LIKE '%_998' AND NOT funnels.is_good THEN nodes.kpi END,
            ', ' ORDER BY nodes.effective_weight DESC, nodes.kpi
        ) AS kpis_below_others,
        string_agg(
            CASE
                WHEN funnels.position LIKE '%_998' AND NOT funnels.is_good AND signals.is_signal AND NOT signals.is_good
                    THEN nodes.kpi
            END,
            ', ' ORDER BY nodes.effective_weight DESC, nodes.kpi
        ) AS alerts
    FROM index.nodes AS nodes
    INNER JOIN kpi.funnels AS funnels
        ON funnels.kpi = nodes.kpi
        AND funnels.basis = nodes.basis
        AND funnels.cut = nodes.cut
        AND funnels.segment = nodes.segment
        AND funnels.period = nodes.period
    LEFT JOIN kpi.signals AS signals
        ON signals.kpi = nodes.kpi
        AND signals.basis = nodes.basis
        AND signals.cut = nodes.cut
        AND signals.segment = nodes.segment
        AND signals.period = nodes.period
    WHERE nodes.cut = 'org_unit'
    GROUP BY nodes.framework, nodes.framework_version, nodes.period, nodes.segment
)
SELECT
    branches.framework,  -- Framework of the index.
    branches.framework_version,  -- Its version.
    branches.period,  -- First day of the month.
    branches.segment AS org_unit,  -- The branch.
    branches.place AS rank,  -- 1 the best; branches with the same score share a rank.
    branches.n_branches,  -- Branches with an index.
    ranks.rank_low,  -- 5th percentile of the rank over other sound methods, where the project asks for draws.
    ranks.rank_high,  -- 95th percentile; branches whose intervals overlap are not separable.
    ranks.median_rank,  -- Median rank over other sound methods.
    ranks.first_share,  -- Share of these in which the branch leads.
    branches.score,  -- Index, 0 to 100.
    intervals.score_low,  -- Lower end of its 95 % interval, where the project asks for draws.
    intervals.score_high,  -- Upper end of it.
    branches.coverage,  -- Share of the index's weight that has a value.
    grades.held_grade AS grade,  -- Grade to show, on the framework's own scale.
    lag(branches.place) OVER series AS rank_before,  -- Rank in the last month it had one.
    branches.score - lag(branches.score) OVER series AS change_points,  -- Points since then.
    CASE
        WHEN signals.is_signal THEN 'signal'
        WHEN NOT signals.is_signal THEN 'no signal'
        ELSE 'no limits'
    END AS signal,  -- Whether the branch's index is beyond its own ordinary variation.
    coalesce(flags.n_kpis_above_others, 0) AS n_kpis_above_others,  -- KPIs beyond the 99.8 % funnel, better.
    coalesce(flags.n_kpis_below_others, 0) AS n_kpis_below_others,  -- KPIs beyond the 99.8 % funnel, worse.
    flags.kpis_below_others,  -- Which these are, by weight.
    flags.alerts  -- KPIs worse than the other branches and worse than the branch's own past, both beyond chance.
FROM branches
LEFT JOIN index.rank_intervals AS ranks
    ON ranks.framework = branches.framework
    AND ranks.framework_version = branches.framework_version
    AND ranks.period = branches.period
    AND ranks.segment = branches.segment
    AND ranks.cut = 'org_unit'
LEFT JOIN index.score_intervals AS intervals
    ON intervals.framework = branches.framework
    AND intervals.framework_version = branches.framework_version
    AND intervals.period = branches.period
    AND intervals.segment = branches.segment
    AND intervals.cut = 'org_unit'
    AND intervals.node = 'index'
LEFT JOIN index.grades AS grades
    ON grades.framework = branches.framework
    AND grades.framework_version = branches.framework_version
    AND grades.period = branches.period
    AND grades.segment = branches.segment
    AND grades.cut = 'org_unit'
    AND grades.node = 'index'
LEFT JOIN index.signals AS signals
    ON signals.framework = branches.framework
    AND signals.framework_version = branches.framework_version
    AND signals.period = branches.period
    AND signals.segment = branches.segment
    AND signals.cut = 'org_unit'
    AND signals.node = 'index'
LEFT JOIN flags
    ON flags.framework = branches.framework
    AND flags.framework_version = branches.framework_version
    AND flags.period = branches.period
    AND flags.segment = branches.segment
WINDOW series AS (
    PARTITION BY branches.framework, branches.framework_version, branches.segment ORDER BY branches.period
)
