/*
Every graded score of the index has its grade to show, and the same grade of the month. If not, two grades of one branch
are published.
severity: critical
tables: index.grades
*/
SELECT framework, framework_version, period, cut, segment, node, scores.grade, grades.grade AS other_grade
FROM (FROM index.scores WHERE grade IS NOT NULL) AS scores
FULL JOIN index.grades AS grades USING (framework, framework_version, period, cut, segment, node)
WHERE scores.grade IS DISTINCT FROM grades.grade OR scores.score IS DISTINCT FROM grades.score
