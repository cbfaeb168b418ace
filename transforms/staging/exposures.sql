/*
What complaints and surrenders are measured against, by month, unit and product line.
grain: month, org_unit, product_line
owner: finance
*/
SELECT
    exposures.month,  -- First day of the month.
    exposures.org_unit,  -- Unit.
    coalesce(exposures.region, units.region, 'unknown') AS region,  -- Region.
    exposures.product_line,  -- Product line.
    exposures.policies,  -- Policies in force at month end plus those terminated in it.
    exposures.lives,  -- Insured person-times.
    exposures.outlets,  -- Outlets of the unit at the end of the month.
    exposures.premium_income,  -- Premium income.
    exposures.reserve_opening,  -- Long-term reserve at the start of the year.
    exposures.investment_opening,  -- Investment contracts and separate accounts at the start of the year.
    exposures.investment_deposits,  -- Deposits in them.
    exposures.investment_surrendered  -- Surrenders of them.
FROM latest.exposures AS exposures
LEFT JOIN latest.org_units AS units ON units.org_unit = exposures.org_unit
