/*
The months of the mart hold every decision once. If not, a month or kind of claim was lost or counted twice.
severity: critical
tables: marts.disputes_by_month
*/
SELECT *
FROM (SELECT sum(decided_claims) AS decided_claims, sum(disputes) AS disputes FROM {batch})
CROSS JOIN (SELECT count(*) AS all_decisions, count(disputed_on) AS all_disputes FROM core.decisions)
WHERE decided_claims <> all_decisions OR disputes <> all_disputes
