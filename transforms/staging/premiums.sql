/*
Instalments due on a policy's anniversaries, the ones persistency asks for, with their payment.
An instalment belongs to the anniversary nearest to its due day, if it is nearer to it than to the instalments before
and after: systems bill on the first of the next month, or on 1 March what fell due on 29 February.
grain: policy_id, instalment_no
owner: policy administration
*/
WITH due AS (
    SELECT
        premiums.policy_id,
        premiums.instalment_no,
        premiums.due_on,
        premiums.due_amount,
        premiums.paid_on,
        premiums.paid_amount,
        date_diff('day', policies.issued_on, premiums.due_on) AS days,
        CAST(round(date_diff('day', policies.issued_on, premiums.due_on) / 365.2425) AS BIGINT) AS years,
        CASE policies.pay_mode
            WHEN 'annual' THEN 12
            WHEN 'half_yearly' THEN 6
            WHEN 'quarterly' THEN 3
            WHEN 'monthly' THEN 1
            -- Nobody says how often: as the number of the instalment has it.
            ELSE least(12, greatest(1, round(
                date_diff('day', policies.issued_on, premiums.due_on) / 30.44 / nullif(premiums.instalment_no - 1, 0)
            )))
        END AS months_apart
    FROM latest.premiums AS premiums
    INNER JOIN latest.policies AS policies ON policies.policy_id = premiums.policy_id
)
SELECT
    policy_id,  -- The policy.
    instalment_no,  -- Number of the instalment.
    12 * years AS months_since_issue,  -- Whole years from issue to the anniversary, in months.
    abs(days - 365.2425 * years) AS days_off,  -- Days between the due day and that anniversary.
    due_on,  -- Day it fell due.
    due_amount,  -- Amount due.
    paid_on,  -- Value date of the payment.
    paid_amount  -- Amount paid.
FROM due
WHERE years > 0 AND abs(days - 365.2425 * years) <= 15.22 * months_apart
