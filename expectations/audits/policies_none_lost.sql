/*
Every policy issued by the as-of day and known then is in core.policies. A policy that got lost is missing
from persistency and from every rate per policy.
severity: critical
tables: core.policies
*/
WITH latest AS (
    SELECT policy_id, issued_on
    FROM raw.policies
    ANTI JOIN core.policies USING (policy_id)
    WHERE recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.as_of)
    QUALIFY row_number() OVER (
        PARTITION BY policy_id ORDER BY recorded_at DESC NULLS LAST, _load_id DESC, _line DESC
    ) = 1
)
SELECT policy_id, issued_on
FROM latest
WHERE issued_on <= (SELECT as_of FROM staging.as_of)
