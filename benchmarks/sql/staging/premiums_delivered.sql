-- Premiums due and paid as delivered: rows that can be read and were known on the as-of date.
SELECT policy_id, instalment_no, due_on, due_amount, paid_on, paid_amount, recorded_at
FROM read_csv(
    'feeds/premiums.csv',
    header = true,
    ignore_errors = true,
    columns = {
        'policy_id': 'VARCHAR', 'instalment_no': 'INTEGER', 'due_on': 'DATE', 'due_amount': 'DECIMAL(18,2)',
        'paid_on': 'DATE', 'paid_amount': 'DECIMAL(18,2)', 'recorded_at': 'TIMESTAMP'
    }
)
WHERE policy_id IS NOT NULL
    AND instalment_no IS NOT NULL
    AND due_on IS NOT NULL
    AND (recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.run))
