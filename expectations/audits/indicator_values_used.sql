/*
A delivered value of an indicator is in no number, for the reason told with file and line: correct the row, or declare
the indicator in the project.
severity: warning
tables: core.indicator_values
*/
SELECT found.problem, found.indicator, loads.file, found.line, found.period, found.cut, found.segment, found.value
FROM core.indicator_values AS found
LEFT JOIN raw.loads AS loads ON loads.load_id = found.load_id
WHERE found.problem IS NOT NULL
ORDER BY loads.file, found.line
