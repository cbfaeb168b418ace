/*
Every branch with an index in a month is in its ranking, once and in the order of the scores. If not, a branch is
missing or misplaced.
severity: critical
tables: marts.branch_ranking
*/
SELECT framework, framework_version, period, segment AS org_unit, scores.score, ranking.score AS ranked_score
FROM (
    FROM index.scores WHERE level = 0 AND cut = 'org_unit' AND segment <> 'unknown' AND score IS NOT NULL
) AS scores
FULL JOIN (SELECT *, org_unit AS segment FROM marts.branch_ranking) AS ranking
    USING (framework, framework_version, period, segment)
WHERE scores.score IS DISTINCT FROM ranking.score
UNION ALL
SELECT better.framework, better.framework_version, better.period, better.org_unit, better.score, worse.score
FROM marts.branch_ranking AS better
JOIN marts.branch_ranking AS worse USING (framework, framework_version, period)
WHERE better.rank < worse.rank AND better.score < worse.score - 1e-9
