-- The policy register as delivered: rows that can be read and were known on the as-of date.
SELECT
    POL_NO AS policy_id,
    CUST_NO AS customer_id,
    EFF_DT AS issued_on,
    BIRTH_DT AS birth_on,
    PROD AS product_code,
    LOB AS product_line,
    CHAN AS channel,
    BRANCH AS org_unit,
    REGION AS region,
    CASE MODE
        WHEN 'S' THEN 'single' WHEN 'A' THEN 'annual' WHEN 'H' THEN 'half_yearly'
        WHEN 'Q' THEN 'quarterly' WHEN 'M' THEN 'monthly'
    END AS pay_mode,
    PREM_TERM AS premium_term_months,
    COVER_TERM AS term_months,
    MODAL_PREM AS modal_premium,
    ANN_PREM AS annual_premium,
    SUM_ASSD AS sum_assured,
    GRACE AS grace_days,
    PREV_POL AS renews_policy_id,
    UPD_TS AS recorded_at
FROM read_csv(
    'feeds/policies.csv*',
    header = true,
    ignore_errors = true,
    dateformat = '%Y%m%d',
    columns = {
        'POL_NO': 'VARCHAR', 'CUST_NO': 'VARCHAR', 'BIRTH_DT': 'DATE', 'PROD': 'VARCHAR', 'LOB': 'VARCHAR',
        'CHAN': 'VARCHAR', 'BRANCH': 'VARCHAR', 'REGION': 'VARCHAR', 'EFF_DT': 'DATE', 'MODE': 'VARCHAR',
        'PREM_TERM': 'INTEGER', 'COVER_TERM': 'INTEGER', 'MODAL_PREM': 'DECIMAL(18,2)',
        'ANN_PREM': 'DECIMAL(18,2)', 'SUM_ASSD': 'DECIMAL(18,2)', 'LIVES': 'INTEGER', 'GRACE': 'INTEGER',
        'FREELOOK': 'INTEGER', 'PREV_POL': 'VARCHAR', 'SEGMENT': 'VARCHAR', 'AGENT': 'VARCHAR', 'UPD_TS': 'TIMESTAMP'
    }
)
WHERE POL_NO IS NOT NULL
    AND EFF_DT IS NOT NULL
    AND (MODE IS NULL OR MODE IN ('S', 'A', 'H', 'Q', 'M'))
    AND (UPD_TS IS NULL OR UPD_TS < (SELECT ends_at FROM staging.run))
