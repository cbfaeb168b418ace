/*
Every published value of a KPI has been judged, and as it was published. If not, a signal is missed in silence.
severity: critical
tables: kpi.signals
*/
SELECT kpi, basis, cut, segment, period, monthly.value, signals.value AS judged_value
FROM (FROM kpi.monthly WHERE status IN ('ok', 'low_n') AND isfinite(value)) AS monthly
FULL JOIN kpi.signals AS signals USING (kpi, basis, cut, segment, period)
WHERE monthly.value IS DISTINCT FROM signals.value
