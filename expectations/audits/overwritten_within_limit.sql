/*
More rows of a source are overwritten by others with the same key than its `max_overwritten_share` lets pass.
severity: critical
tables: kpi.monthly
*/
WITH overwritten AS (
    SELECT feed, source, sum(rows_left_out) AS rows_overwritten, min(seen) AS seen
    FROM latest.repeats
    WHERE kind = 'overwritten'
    GROUP BY feed, source
)
SELECT feed, source, rows_overwritten, rows_in_force, max_overwritten_share, seen
FROM overwritten
JOIN latest.in_force USING (feed, source)
WHERE rows_overwritten > max_overwritten_share * rows_in_force
