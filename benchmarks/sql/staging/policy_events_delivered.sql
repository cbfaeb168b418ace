-- Policy events as delivered: rows that can be read and were known on the as-of date.
SELECT
    EV_NO AS event_id,
    POL AS policy_id,
    CASE WHAT
        WHEN 'LAPS' THEN 'lapse' WHEN 'REIN' THEN 'reinstatement' WHEN 'SURR' THEN 'surrender'
        WHEN 'FLCX' THEN 'free_look_cancellation' WHEN 'DETH' THEN 'death' WHEN 'CLMT' THEN 'claim_termination'
        WHEN 'TROT' THEN 'transfer_out' WHEN 'MATU' THEN 'maturity'
    END AS event,
    EFF AS effective_on,
    SYS_TS AS recorded_at
FROM read_csv(
    'feeds/policy_events.csv',
    header = true,
    ignore_errors = true,
    dateformat = '%d/%m/%Y',
    timestampformat = '%d/%m/%Y %H:%M:%S',
    columns = {
        'EV_NO': 'VARCHAR', 'POL': 'VARCHAR', 'WHAT': 'VARCHAR', 'EFF': 'DATE', 'REQ': 'DATE', 'PAID': 'DATE',
        'AMT': 'DECIMAL(18,2)', 'SYS_TS': 'TIMESTAMP'
    }
)
WHERE EV_NO IS NOT NULL
    AND POL IS NOT NULL
    AND EFF IS NOT NULL
    AND WHAT IN ('LAPS', 'REIN', 'SURR', 'FLCX', 'DETH', 'CLMT', 'TROT', 'MATU')
    AND (SYS_TS IS NULL OR SYS_TS < (SELECT ends_at FROM staging.run))
