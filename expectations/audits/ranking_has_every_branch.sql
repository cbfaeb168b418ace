/*
Every branch with an index in a month is in its ranking by it, and every other with a score of a part of the index by
that, once and in the order of the scores. If not, a branch is missing or misplaced.
severity: critical
tables: marts.branch_ranking
*/
WITH scored AS (
    SELECT framework, framework_version, period, segment AS org_unit, node, level, score
    FROM index.scores
    WHERE level <= 1 AND cut = 'org_unit' AND segment <> 'unknown' AND score IS NOT NULL
)
SELECT framework, framework_version, period, org_unit, scored.score, ranking.score AS ranked_score
FROM (FROM scored WHERE level = 0) AS scored
FULL JOIN (FROM marts.branch_ranking WHERE ranked_by = 'index') AS ranking
    USING (framework, framework_version, period, org_unit)
WHERE scored.score IS DISTINCT FROM ranking.score
UNION ALL
SELECT framework, framework_version, period, org_unit, max(scored.score), NULL
FROM scored
ANTI JOIN marts.branch_ranking USING (framework, framework_version, period, org_unit)
INNER JOIN index.nodes AS nodes USING (framework, framework_version, period, node)
WHERE nodes.cut = 'org_unit' AND nodes.segment = org_unit AND nodes.weight > 0
GROUP BY framework, framework_version, period, org_unit
UNION ALL
SELECT better.framework, better.framework_version, better.period, better.org_unit, better.score, worse.score
FROM marts.branch_ranking AS better
JOIN marts.branch_ranking AS worse USING (framework, framework_version, period, ranked_by)
WHERE better.rank < worse.rank AND better.score < worse.score - 1e-9
