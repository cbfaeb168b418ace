/*
Which share of the decisions of a month was disputed within 90 days, by kind of claim.
grain: month, claim_type
owner: claims
example:
    SELECT claim_type, sum(disputes) / sum(decided_claims) AS dispute_share
    FROM marts.disputes_by_month
    GROUP BY claim_type
    ORDER BY dispute_share DESC
*/
SELECT
    date_trunc('month', decided_on)::DATE AS month,  -- Month of the decision.
    claim_type,  -- Kind of claim.
    count(*) AS decided_claims,  -- Claims decided in the month.
    count(disputed_on) AS disputes,  -- Of these, how many a complaint followed within 90 days.
    disputes / decided_claims AS dispute_share  -- Share of the decisions that were disputed; the last months still grow.
FROM core.decisions
GROUP BY month, claim_type
