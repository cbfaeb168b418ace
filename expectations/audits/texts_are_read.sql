/*
Texts have landed and none of them is read, so that all tables and KPIs of texts are empty. Write `texts: {}` in the
project file and install what reads them: pip install 'policypulse[text]'.
severity: warning
tables: core.texts
*/
SELECT source, count(*) AS texts
FROM raw.texts
WHERE NOT EXISTS (SELECT 1 FROM core.texts)
GROUP BY source
