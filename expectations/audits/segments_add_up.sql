/*
Numerators and denominators of counts and shares add up over the segments of every cut to those of the
company. If not, cases are missing from the branches or stand in two of them. What is delivered of
indicators need not be all segments.
severity: critical
tables: kpi.monthly
*/
WITH cuts AS (
    SELECT
        kpi,
        basis,
        period,
        cut,
        coalesce(sum(numerator), 0) AS numerator,
        coalesce(sum(denominator), 0) AS denominator
    FROM kpi.monthly
    JOIN catalog.units USING (unit)
    WHERE adds_up AND kpi NOT IN (SELECT indicator FROM core.indicator_values)
    GROUP BY kpi, basis, period, cut
    HAVING bool_and(status <> 'suppressed')
)
SELECT
    kpi,
    basis,
    period,
    parts.cut,
    parts.numerator,
    company.numerator AS company_numerator,
    parts.denominator,
    company.denominator AS company_denominator
FROM cuts AS parts
JOIN cuts AS company USING (kpi, basis, period)
WHERE company.cut = 'company'
    AND (
        abs(parts.numerator - company.numerator) > 1e-6 * greatest(1, abs(company.numerator))
        OR abs(parts.denominator - company.denominator) > 1e-6 * greatest(1, abs(company.denominator))
    )
