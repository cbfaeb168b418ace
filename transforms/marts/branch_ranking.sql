/*
Branches by their index, month by month, with what says whether a rank means anything: rank intervals and funnel limits.
A branch without an index is ranked among all by its heaviest part that has a score, with the reason.
grain: framework, framework_version, period, org_unit
owner: service quality
example:
    SELECT ranked_by, rank, org_unit, n_branches, score, window_months, grade, signal, alerts, reason
    FROM marts.branch_ranking
    WHERE period = (SELECT max(period) FROM marts.branch_ranking)
    ORDER BY ranked_by <> 'index', ranked_by, rank
*/
WITH parts AS (
    SELECT
        scores.framework,
        scores.framework_version,
        scores.period,
        scores.segment,
        scores.node,
        scores.score,
        scores.coverage,
        scores.window_months,
        rank() OVER (
            PARTITION BY scores.framework, scores.framework_version, scores.period, scores.node
            ORDER BY round(scores.score, 9) DESC
        ) AS place,
        count(*) OVER (
            PARTITION BY scores.framework, scores.framework_version, scores.period, scores.node
        ) AS n_branches,
        row_number() OVER (
            PARTITION BY scores.framework, scores.framework_version, scores.period, scores.segment
            ORDER BY scores.level, nodes.weight DESC, scores.node
        ) AS choice
    FROM index.scores AS scores
    INNER JOIN index.nodes AS nodes
        ON nodes.framework = scores.framework
        AND nodes.framework_version = scores.framework_version
        AND nodes.period = scores.period
        AND nodes.cut = scores.cut
        AND nodes.segment = scores.segment
        AND nodes.node = scores.node
    WHERE scores.level <= 1
        AND scores.cut = 'org_unit'
        AND scores.segment <> 'unknown'
        AND scores.score IS NOT NULL
        AND nodes.weight > 0
),
branches AS (
    SELECT *
    FROM parts
    WHERE choice = 1
),
missing AS (
    SELECT
        framework,
        framework_version,
        period,
        segment,
        status,
        kpi,
        n,
        minimum,
        count(*) OVER same AS n_kpis,
        row_number() OVER (same ORDER BY weight DESC, node) AS place
    FROM index.nodes
    WHERE cut = 'org_unit' AND kpi IS NOT NULL AND score IS NULL AND weight > 0
    WINDOW same AS (PARTITION BY framework, framework_version, period, segment, status)
),
reasons AS (
    SELECT
        framework,
        framework_version,
        period,
        segment,
        string_agg(
            n_kpis || ' of its KPIs ' || status || ', as ' || kpi
            || coalesce(' with ' || CAST(round(n) AS INTEGER) || ' of ' || CAST(round(minimum) AS INTEGER), ''),
            '; ' ORDER BY n_kpis DESC, status
        ) AS reason
    FROM missing
    WHERE place = 1
    GROUP BY framework, framework_version, period, segment
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
    branches.node AS ranked_by,  -- index, or the heaviest part with a score where the branch has no index.
    branches.place AS rank,  -- 1 the best of all branches that have it; those with the same score share a rank.
    branches.n_branches,  -- Branches that have it.
    CASE WHEN branches.node <> 'index' THEN reasons.reason END AS reason,  -- Why there is no index.
    branches.window_months,  -- Months behind the score: 1, or the most that a KPI of too few cases is taken over.
    ranks.rank_low,  -- 5th percentile of the rank over other sound methods, where the project asks for draws.
    ranks.rank_high,  -- 95th percentile; branches whose intervals overlap are not separable.
    ranks.median_rank,  -- Median rank over other sound methods.
    ranks.first_share,  -- Share of these in which the branch leads.
    branches.score,  -- Score of what it is ranked by, 0 to 100.
    intervals.score_low,  -- Lower end of its 95 % interval, where the project asks for draws.
    intervals.score_high,  -- Upper end of it.
    branches.coverage,  -- Share of the weight under it that has a value.
    grades.held_grade AS grade,  -- Grade to show, on the framework's own scale.
    lag(branches.place) OVER series AS rank_before,  -- Rank by the same in the last month it had one.
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
    AND branches.node = 'index'
LEFT JOIN index.score_intervals AS intervals
    ON intervals.framework = branches.framework
    AND intervals.framework_version = branches.framework_version
    AND intervals.period = branches.period
    AND intervals.segment = branches.segment
    AND intervals.cut = 'org_unit'
    AND intervals.node = branches.node
LEFT JOIN index.grades AS grades
    ON grades.framework = branches.framework
    AND grades.framework_version = branches.framework_version
    AND grades.period = branches.period
    AND grades.segment = branches.segment
    AND grades.cut = 'org_unit'
    AND grades.node = branches.node
LEFT JOIN index.signals AS signals
    ON signals.framework = branches.framework
    AND signals.framework_version = branches.framework_version
    AND signals.period = branches.period
    AND signals.segment = branches.segment
    AND signals.cut = 'org_unit'
    AND signals.node = branches.node
LEFT JOIN flags
    ON flags.framework = branches.framework
    AND flags.framework_version = branches.framework_version
    AND flags.period = branches.period
    AND flags.segment = branches.segment
LEFT JOIN reasons
    ON reasons.framework = branches.framework
    AND reasons.framework_version = branches.framework_version
    AND reasons.period = branches.period
    AND reasons.segment = branches.segment
WINDOW series AS (
    PARTITION BY branches.framework, branches.framework_version, branches.segment, branches.node
    ORDER BY branches.period
)
