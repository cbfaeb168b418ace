/*
Numerator and denominator give a value that the unit cannot have, such as a rate on premium that was paid back or a
share of more than there is; the record is no_data. Look at the amounts and days of that segment and period.
severity: warning
tables: kpi.monthly, kpi.periodic, kpi.windows
*/
SELECT COLUMNS('^(kpi|basis|grain|period|cut|segment|unit|numerator|denominator|n)$')
FROM {batch}
JOIN catalog.units USING (unit)
WHERE status = 'no_data'
    AND is_quotient
    AND (
        denominator < 0
        OR numerator / nullif(denominator, 0) < lowest - 1e-9
        OR numerator / nullif(denominator, 0) > highest + 1e-9
    )
