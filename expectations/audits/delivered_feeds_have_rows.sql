/*
Files of a feed came and not one of their rows could be used: they are empty, or the mapping skips or
rejects everything. A feed that never came is no matter.
severity: warning
tables: kpi.monthly
*/
SELECT feed, count(*) AS files, sum(rows_read) AS rows_read, sum(rows_rejected) AS rows_rejected
FROM raw.loads
WHERE in_force
GROUP BY feed
HAVING sum(rows_landed + rows_unchanged) = 0
