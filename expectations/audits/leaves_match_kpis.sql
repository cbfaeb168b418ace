/*
Every leaf of the index shows the value that kpi.monthly has for its KPI. If not, the index was computed
from other KPIs than are published with it.
severity: critical
tables: index.nodes
*/
SELECT framework, period, cut, segment, node, kpi, value
FROM index.nodes AS nodes
ANTI JOIN kpi.monthly AS monthly USING (kpi, period, cut, segment, value)
WHERE kpi IS NOT NULL AND value IS NOT NULL
