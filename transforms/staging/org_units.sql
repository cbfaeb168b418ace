/*
The organisation, one row per unit, in its latest version known on the as-of date.
grain: org_unit
owner: organisation
*/
SELECT
    org_unit,  -- The unit.
    name,  -- Its name.
    parent,  -- The unit it belongs to.
    region,  -- Region.
    tier,  -- Tier: head_office, province, city or county.
    valid_from,  -- First day.
    valid_to  -- Last day; empty while it exists.
FROM latest.org_units
