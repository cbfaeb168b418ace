-- Claim events as delivered: rows that can be read, are no remarks, and were known on the as-of date.
SELECT
    EVT_ID AS event_id,
    CLAIM_NO AS claim_id,
    CASE EVT
        WHEN 'RPT' THEN 'reported' WHEN 'REG' THEN 'registered' WHEN 'CNT' THEN 'contacted'
        WHEN 'DOCREQ' THEN 'documents_requested'
        WHEN 'DOCDLV' THEN 'request_delivered' WHEN 'DOCRCV' THEN 'documents_received'
        WHEN 'DOCOK' THEN 'documents_complete' WHEN 'ASS' THEN 'assessed' WHEN 'PRG' THEN 'progress_notified'
        WHEN 'DEC' THEN 'decided' WHEN 'REFL' THEN 'refusal_sent' WHEN 'AGR' THEN 'agreed' WHEN 'PAY' THEN 'paid'
        WHEN 'ASG' THEN 'assigned' WHEN 'ADV' THEN 'prepaid'
        WHEN 'CLO' THEN 'closed' WHEN 'REO' THEN 'reopened' WHEN 'WDR' THEN 'withdrawn' WHEN 'CAN' THEN 'cancelled'
    END AS event,
    TS AS event_at,
    REC_TS AS recorded_at,
    SPELL AS spell_no,
    POL_NO AS policy_id,
    CUST_NO AS customer_id,
    CASE RESULT
        WHEN 'F' THEN 'paid_full' WHEN 'P' THEN 'paid_part' WHEN 'R' THEN 'rejected' WHEN 'Z' THEN 'zero'
    END AS outcome,
    AMT AS amount,
    CLAIMED AS claimed_amount,
    LOSS_TS AS loss_at,
    "TYPE" AS claim_type,
    BRANCH AS org_unit,
    CASE DONE_BY WHEN 'H' THEN 'human' WHEN 'A' THEN 'auto' END AS actor,
    INVESTIGATED AS investigated,
    FAST AS fast_track
FROM read_csv(
    'feeds/claim_events_*.csv',
    header = true,
    ignore_errors = true,
    columns = {
        'EVT_ID': 'VARCHAR', 'CLAIM_NO': 'VARCHAR', 'EVT': 'VARCHAR', 'TS': 'TIMESTAMP', 'REC_TS': 'TIMESTAMP',
        'SPELL': 'INTEGER', 'POL_NO': 'VARCHAR', 'CUST_NO': 'VARCHAR', 'RESULT': 'VARCHAR',
        'AMT': 'DECIMAL(18,2)', 'CLAIMED': 'DECIMAL(18,2)', 'LOSS_TS': 'TIMESTAMP', 'TYPE': 'VARCHAR',
        'BRANCH': 'VARCHAR', 'DONE_BY': 'VARCHAR', 'INVESTIGATED': 'BOOLEAN', 'FAST': 'BOOLEAN',
        'SVC': 'VARCHAR', 'DIRECT': 'BOOLEAN', 'GREEN': 'BOOLEAN', 'CAT': 'VARCHAR', 'PAPERS': 'INTEGER',
        'MEDIUM': 'VARCHAR', 'HANDLER': 'VARCHAR'
    }
)
WHERE EVT_ID IS NOT NULL
    AND CLAIM_NO IS NOT NULL
    AND TS IS NOT NULL
    AND EVT IN (
        'RPT', 'CNT', 'DOCREQ', 'DOCDLV', 'DOCRCV', 'DOCOK', 'ASS', 'PRG', 'DEC', 'REFL', 'AGR', 'PAY', 'CLO',
        'REO', 'WDR', 'CAN', 'ASG', 'ADV', 'REG'
    )
    AND (RESULT IS NULL OR RESULT IN ('F', 'P', 'R', 'Z'))
    AND (DONE_BY IS NULL OR DONE_BY IN ('H', 'A'))
    AND (REC_TS IS NULL OR REC_TS < (SELECT ends_at FROM staging.run))
