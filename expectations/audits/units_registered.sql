/*
Facts name units that the register of the organisation does not have; they have no region and no unit above
them. Without a register every unit is taken as it comes.
severity: warning
tables: core.claims, core.complaints, core.policies
*/
SELECT org_unit, count(*) AS n
FROM {batch}
ANTI JOIN raw.org_units USING (org_unit)
WHERE org_unit <> 'unknown' AND EXISTS (SELECT 1 FROM raw.org_units)
GROUP BY org_unit
