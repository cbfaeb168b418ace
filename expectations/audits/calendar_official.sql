/*
Working days since the first month of the KPIs are not officially known: no holidays, no make-up days. Terms that end
in those years are rolled over weekends only; update the package that knows the calendar.
severity: warning
tables: core.claims
*/
SELECT year(date) AS year, count(*) AS days
FROM staging.calendar
WHERE NOT is_official
    AND date >= (SELECT min(starts_on) FROM staging.long_periods)
    AND date <= (SELECT as_of FROM staging.as_of)
GROUP BY ALL
