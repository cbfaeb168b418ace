/*
Every leaf of the index shows the value that kpi.monthly has for its KPI, or kpi.windows for more months, or
kpi.periodic for a longer period. If not, the index was computed from other KPIs than are published with it.
severity: critical
tables: index.nodes
*/
SELECT framework, period, cut, segment, node, kpi, value
FROM index.nodes AS nodes
ANTI JOIN (
    SELECT kpi, period, cut, segment, value, 1 AS window_months FROM kpi.monthly
    UNION ALL
    SELECT kpi, period, cut, segment, value, 1 AS window_months FROM kpi.periodic
    UNION ALL
    SELECT kpi, period, cut, segment, value, window_months FROM kpi.windows
) AS records USING (kpi, period, cut, segment, value, window_months)
WHERE kpi IS NOT NULL AND value IS NOT NULL
