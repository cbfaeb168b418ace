/*
Working days since the first month of the KPIs are known neither officially nor by the calendar feed; the project
allows that (calendar_gaps: weekdays). Terms that end on them are rolled over weekends only, no holiday is known.
severity: warning
tables: core.claims
*/
SELECT year(date) AS year, count(*) AS days, min(date) AS first_day, max(date) AS last_day
FROM staging.calendar
WHERE NOT is_known
    AND date >= (SELECT min(starts_on) FROM staging.long_periods)
    AND date <= (SELECT as_of FROM staging.as_of)
GROUP BY year(date)
