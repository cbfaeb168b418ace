/*
No claim carries anything that happened after the as-of day. What is not known yet would make past months
look better or worse than they could be seen then.
severity: critical
tables: core.claims
*/
SELECT claim_id, spell_no, reported_at, first_decided_at, paid_at, ended_at
FROM core.claims
WHERE greatest(reported_at, documents_complete_at, first_decided_at, agreed_at, paid_at, ended_at)
    >= (SELECT ends_at FROM staging.as_of)
