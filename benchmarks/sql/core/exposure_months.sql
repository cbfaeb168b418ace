-- What rates are per where the insurer states it. One row per month, unit and product line.
SELECT month, org_unit, region, product_line, policies, lives, premium_income, reserve_opening
FROM staging.exposures
WHERE month <= (SELECT as_of FROM staging.run)
