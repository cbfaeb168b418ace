/*
Open claims are due on days that neither the official calendar nor the calendar feed knows yet: these due days are
provisional, rolled over weekends only. What counts as late up to the as-of day does not depend on them. Update the
package of the official calendar or deliver the days in the calendar feed before they come: then the run stops.
severity: warning
tables: core.claims
*/
WITH due AS (
    SELECT decision_due_on AS due_on FROM core.claims WHERE decision_term_state = 'undetermined'
    UNION ALL
    SELECT payment_due_on FROM core.claims WHERE payment_term_state = 'undetermined'
    UNION ALL
    SELECT part_payment_due_on FROM core.claims WHERE part_payment_state = 'undetermined'
)
SELECT year(due_on) AS year, count(*) AS terms, min(due_on) AS first_day, max(due_on) AS last_day
FROM due
ANTI JOIN (FROM staging.calendar WHERE is_known) AS known ON known.date = due.due_on
GROUP BY year(due_on)
