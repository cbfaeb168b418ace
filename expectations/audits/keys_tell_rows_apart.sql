/*
Different rows of one delivery have one key and nothing that says which is later, so that only the last line counts
and the others are in no number. Map a column that tells them apart, or recorded_at; `max_overwritten_share` of the
source stops at too many.
severity: warning
tables: kpi.monthly
*/
SELECT feed, source, key, rows_left_out, seen
FROM latest.repeats
WHERE kind = 'overwritten'
ORDER BY feed, key
