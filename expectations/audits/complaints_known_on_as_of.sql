/*
No complaint carries anything that happened after the as-of day. What is not known yet would make past
months look better or worse than they could be seen then.
severity: critical
tables: core.complaints
*/
SELECT complaint_id, received_on, first_response_on, closed_on, reopened_on
FROM core.complaints
WHERE greatest(received_on, first_response_on, closed_on, accepted_on, reopened_on, new_facts_on, escalated_on)
    > (SELECT as_of FROM staging.as_of)
