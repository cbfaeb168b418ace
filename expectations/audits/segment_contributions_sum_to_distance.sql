/*
What sets a segment apart sums to its distance from the company. If not, a branch is told wrong reasons for its place.
severity: critical
tables: index.segment_contributions
*/
SELECT framework, framework_version, period, cut, segment, sum(parts.total_points) AS explained,
    min(own.score - company.score) AS distance
FROM index.segment_contributions AS parts
LEFT JOIN index.scores AS own USING (framework, framework_version, period, cut, segment)
LEFT JOIN index.scores AS company USING (framework, framework_version, period)
WHERE parts.kpi IS NOT NULL AND own.level = 0 AND company.level = 0 AND company.cut = 'company'
GROUP BY framework, framework_version, period, cut, segment
HAVING coalesce(abs(explained - distance) > 1e-9, TRUE)
