/*
Every complaint received by the as-of day and known then is in core.complaints. A complaint that got lost is
in no KPI, and nobody misses it.
severity: critical
tables: core.complaints
*/
WITH latest AS (
    SELECT complaint_id, received_on
    FROM raw.complaints
    ANTI JOIN core.complaints USING (complaint_id)
    WHERE recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.as_of)
    QUALIFY row_number() OVER (
        PARTITION BY complaint_id ORDER BY recorded_at DESC NULLS LAST, _load_id DESC, _line DESC
    ) = 1
)
SELECT complaint_id, received_on
FROM latest
WHERE received_on <= (SELECT as_of FROM staging.as_of)
