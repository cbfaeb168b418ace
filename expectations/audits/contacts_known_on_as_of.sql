/*
No contact carries anything that happened after the as-of day. What is not known yet would make past months look
better or worse than they could be seen then.
severity: critical
tables: core.contacts
*/
SELECT contact_id, offered_at, answered_at, abandoned_at, called_back_at, ended_at
FROM core.contacts
WHERE greatest(offered_at, handed_over_at, answered_at, abandoned_at, called_back_at, ended_at)
    >= (SELECT ends_at FROM staging.as_of)
