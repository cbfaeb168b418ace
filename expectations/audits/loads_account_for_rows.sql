/*
Every row of every file was landed, rejected, skipped, forgotten or there unchanged, and every landed or rejected row is still there.
Rows that are nowhere were lost, and every KPI misses them.
severity: critical
tables: raw.*
*/
WITH landed AS (
    SELECT _load_id AS load_id, count(*) AS rows_there FROM {batch} GROUP BY _load_id
),
rejected AS (
    SELECT _load_id AS load_id, count(*) AS rejects_there
    FROM raw.rejects
    WHERE feed = split_part('{batch}', '.', 2)
    GROUP BY _load_id
),
loads AS (
    SELECT load_id, file, rows_read, rows_landed, rows_rejected, rows_skipped, rows_unchanged,
        coalesce(rows_forgotten, 0) AS rows_forgotten
    FROM raw.loads
    WHERE feed = split_part('{batch}', '.', 2)
)
SELECT *
FROM loads
FULL JOIN landed USING (load_id)
FULL JOIN rejected USING (load_id)
WHERE rows_read IS DISTINCT FROM rows_landed + rows_rejected + rows_skipped + rows_unchanged
        + rows_forgotten
    OR rows_landed IS DISTINCT FROM coalesce(rows_there, 0)
    OR rows_rejected IS DISTINCT FROM coalesce(rejects_there, 0)
