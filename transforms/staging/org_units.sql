/*
The organisation in its latest version known on the as-of date, each unit with those above it of tier province and city.
grain: org_unit
owner: organisation
*/
SELECT
    units.org_unit,  -- The unit.
    units.name,  -- Its name.
    units.parent,  -- The unit it belongs to.
    units.region,  -- Region.
    units.tier,  -- Tier.
    CASE 'province'
        WHEN units.tier THEN units.org_unit
        WHEN first.tier THEN first.org_unit
        WHEN second.tier THEN second.org_unit
        WHEN third.tier THEN third.org_unit
    END AS province,  -- The province that it is or belongs to, up to three units above.
    CASE 'city'
        WHEN units.tier THEN units.org_unit
        WHEN first.tier THEN first.org_unit
        WHEN second.tier THEN second.org_unit
        WHEN third.tier THEN third.org_unit
    END AS city,  -- The city that it is or belongs to, up to three units above.
    units.valid_from,  -- First day.
    units.valid_to  -- Last day; empty while it exists.
FROM latest.org_units AS units
LEFT JOIN latest.org_units AS first ON first.org_unit = units.parent
LEFT JOIN latest.org_units AS second ON second.org_unit = first.parent
LEFT JOIN latest.org_units AS third ON third.org_unit = second.parent
