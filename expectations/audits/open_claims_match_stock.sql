/*
Where the as-of day ends a month, the work list has as many first-handled claims as the KPI of open claims
counts. If not, claims are missing from one of the two.
severity: critical
tables: marts.claims_open
*/
WITH listed AS (
    SELECT 'company' AS cut, 'company' AS segment, sum(cases) AS n FROM marts.claims_open WHERE spell_no = 1
    UNION ALL
    SELECT 'org_unit', org_unit, sum(cases) FROM marts.claims_open WHERE spell_no = 1 GROUP BY org_unit
)
SELECT cut, segment, stock.value AS counted, coalesce(listed.n, 0) AS listed
FROM kpi.monthly AS stock
LEFT JOIN listed USING (cut, segment)
WHERE stock.kpi = 'claim_open_count' AND cut IN ('company', 'org_unit')
    AND stock.as_of = (SELECT as_of FROM staging.as_of) AND last_day(stock.period) = stock.as_of
    AND stock.value <> coalesce(listed.n, 0)
