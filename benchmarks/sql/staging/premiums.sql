-- Instalments due on a policy's anniversaries in their latest version. One row per policy and instalment.
WITH repeated AS (
    SELECT policy_id, instalment_no
    FROM staging.premiums_delivered
    GROUP BY policy_id, instalment_no
    HAVING count(*) > 1
),
latest AS (
    SELECT * FROM staging.premiums_delivered ANTI JOIN repeated USING (policy_id, instalment_no)
    UNION ALL
    SELECT * FROM staging.premiums_delivered SEMI JOIN repeated USING (policy_id, instalment_no)
    QUALIFY row_number() OVER (PARTITION BY policy_id, instalment_no ORDER BY recorded_at DESC NULLS LAST) = 1
)
SELECT
    premiums.policy_id,
    premiums.instalment_no,
    (year(premiums.due_on) - year(policies.issued_on)) * 12
        + month(premiums.due_on) - month(policies.issued_on) AS months_since_issue,
    premiums.due_amount,
    premiums.paid_on,
    premiums.paid_amount
FROM latest AS premiums
INNER JOIN staging.policies AS policies ON policies.policy_id = premiums.policy_id
WHERE month(premiums.due_on) = month(policies.issued_on)
    AND year(premiums.due_on) > year(policies.issued_on)
