/*
Months were computed as of a later day than that of this run and are still there. They know more than the
rest; rerun them or delete the build.
severity: warning
tables: kpi.monthly
*/
SELECT period, as_of, count(*) AS records
FROM kpi.monthly
WHERE as_of > (SELECT as_of FROM staging.as_of)
GROUP BY period, as_of
