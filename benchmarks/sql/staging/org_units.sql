-- The organisation. One row per unit.
SELECT org_unit, region
FROM read_csv('feeds/org_units.csv', all_varchar = true)
