-- What one run computes: the last day of which records count, the months up to it. One row.
SELECT
    as_of,
    months,
    CAST(as_of + INTERVAL 1 DAY AS TIMESTAMP) AS ends_at
FROM read_csv('run.csv', columns = {'as_of': 'DATE', 'months': 'INTEGER'})
