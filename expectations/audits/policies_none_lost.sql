/*
Every policy issued by the as-of day and known then is in core.policies. A policy that got lost is missing
from persistency and from every rate per policy.
severity: critical
tables: core.policies
*/
SELECT policy_id, issued_on
FROM latest.policies
ANTI JOIN core.policies USING (policy_id)
WHERE issued_on <= (SELECT as_of FROM staging.as_of)
