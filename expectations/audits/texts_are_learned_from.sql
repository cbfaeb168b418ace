/*
People have sorted texts, and none of them was written and recorded before this month: models learn from what was known
when it began, so that until the next one none is published, and KPIs of texts are empty.
severity: warning
tables: core.taught_texts
*/
SELECT date_trunc('month', min(written_on)) AS first_month, count(*) AS sorted_texts
FROM core.texts
WHERE label IS NOT NULL AND plain <> '' AND NOT is_external AND source NOT IN ('interview', 'focus_group')
    AND NOT EXISTS (SELECT 1 FROM core.taught_texts)
HAVING count(*) > 0
