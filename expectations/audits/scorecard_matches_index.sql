/*
The scorecard has every named segment and month of the index, with its score. If not, somebody reads an old
or a wrong ranking.
severity: critical
tables: marts.scorecard
*/
SELECT framework, framework_version, period, cut, segment, scores.score, scorecard.index_score
FROM index.scores AS scores
FULL JOIN marts.scorecard AS scorecard USING (framework, framework_version, period, cut, segment)
WHERE coalesce(scores.level, 0) = 0 AND segment <> 'unknown'
    AND (
        scores.score IS DISTINCT FROM scorecard.index_score
        OR scores.framework IS NULL
        OR scorecard.framework IS NULL
    )
