-- The complaint log as delivered: rows that can be read and were known on the as-of date.
SELECT
    id AS complaint_id,
    receivedOn AS received_on,
    firstResponseOn AS first_response_on,
    closedOn AS closed_on,
    acceptedOn AS accepted_on,
    reopenedOn AS reopened_on,
    escalatedOn AS escalated_on,
    CASE result
        WHEN '成立' THEN 'upheld' WHEN '部分成立' THEN 'partly_upheld' WHEN '不成立' THEN 'not_upheld'
        WHEN '撤诉' THEN 'withdrawn'
    END AS outcome,
    CASE requestMet WHEN '全部' THEN 'full' WHEN '部分' THEN 'partial' WHEN '未满足' THEN 'none' END AS request_met,
    matter AS category,
    viaRegulator AS via_regulator,
    CASE class WHEN '简单' THEN 'simple' WHEN '复杂' THEN 'complex' WHEN '特别复杂' THEN 'special' END AS complexity,
    extensionOn AS extension_approved_on,
    appraisalDays AS appraisal_days,
    mergedInto AS merged_into,
    customer AS customer_id,
    policy AS policy_id,
    claim AS claim_id,
    updatedAt AS recorded_at
FROM read_json(
    'feeds/complaints.ndjson',
    format = 'newline_delimited',
    ignore_errors = true,
    dateformat = '%Y/%m/%d',
    columns = {
        'id': 'VARCHAR', 'receivedOn': 'DATE', 'firstResponseOn': 'DATE', 'closedOn': 'DATE', 'acceptedOn': 'DATE',
        'reopenedOn': 'DATE', 'escalatedOn': 'DATE', 'result': 'VARCHAR', 'requestMet': 'VARCHAR',
        'matter': 'VARCHAR', 'viaRegulator': 'BOOLEAN', 'class': 'VARCHAR', 'extensionOn': 'DATE',
        'appraisalDays': 'INTEGER', 'mergedInto': 'VARCHAR', 'customer': 'VARCHAR', 'policy': 'VARCHAR',
        'claim': 'VARCHAR', 'updatedAt': 'TIMESTAMP'
    }
)
WHERE id IS NOT NULL
    AND receivedOn IS NOT NULL
    AND (result IS NULL OR result IN ('成立', '部分成立', '不成立', '撤诉'))
    AND (requestMet IS NULL OR requestMet IN ('全部', '部分', '未满足'))
    AND (class IS NULL OR class IN ('简单', '复杂', '特别复杂'))
    AND (updatedAt IS NULL OR updatedAt < (SELECT ends_at FROM staging.run))
