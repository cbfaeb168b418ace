/*
Two sources use one key for different rows, as where two systems number from 1: only those of the later source count.
Make the keys different, for example {sql: "'N-' || id"}; if the one is meant to correct the other, all is well.
severity: warning
tables: kpi.monthly
*/
SELECT feed, source, key, rows_left_out, seen
FROM latest.repeats
WHERE kind = 'two_sources'
ORDER BY feed, key
