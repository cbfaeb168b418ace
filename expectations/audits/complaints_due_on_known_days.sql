/*
Open complaints are due on days that neither the official calendar nor the calendar feed knows yet: these due days
are provisional, rolled over weekends only. What counts as late up to the as-of day does not depend on them. Update
the package of the official calendar or deliver the days in the calendar feed before they come: then the run stops.
severity: warning
tables: core.complaints
*/
SELECT year(due_on) AS year, count(*) AS complaints, min(due_on) AS first_day, max(due_on) AS last_day
FROM core.complaints
ANTI JOIN (FROM staging.calendar WHERE is_known) AS known ON known.date = complaints.due_on
WHERE closed_on IS NULL AND due_on IS NOT NULL
GROUP BY year(due_on)
