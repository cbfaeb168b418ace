/*
A window of several months has fewer cases than its last month; months were not added up.
severity: critical
tables: kpi.windows
*/
SELECT kpi, period, cut, segment, windows.window_months, windows.n, monthly.n AS n_of_month
FROM kpi.windows AS windows
INNER JOIN kpi.monthly AS monthly USING (kpi, period, basis, cut, segment)
WHERE windows.n < monthly.n AND windows.status IN ('ok', 'low_n')
