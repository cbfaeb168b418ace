/*
A target of the feed or the project file names a KPI, basis, cut and segment that has no record: it is never held
against a value. A code may be mistyped, or the basis be another (cohort where none is given).
severity: warning
tables: marts.targets
*/
SELECT targets.kpi, targets.basis, targets.cut, targets.segment, targets.year, targets.source
FROM core.targets AS targets
WHERE targets.source IN ('feed', 'project')
    AND NOT EXISTS (
        SELECT 1
        FROM kpi.monthly AS months
        WHERE months.kpi = targets.kpi
            AND months.basis = targets.basis
            AND months.cut = targets.cut
            AND (months.segment = targets.segment OR targets.segment = 'all')
    )
