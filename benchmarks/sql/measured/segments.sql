-- The segments of every cut that occur in any fact. One row per cut and segment.
WITH found AS (
    SELECT DISTINCT org_unit, region, product_line, channel, age_band FROM core.claims
    UNION
    SELECT DISTINCT org_unit, region, product_line, channel, age_band FROM core.complaints
    UNION
    SELECT DISTINCT org_unit, region, product_line, channel, age_band FROM core.policies
    UNION
    SELECT DISTINCT org_unit, region, product_line, channel, age_band FROM core.persistency
    UNION
    SELECT DISTINCT org_unit, region, product_line, channel, age_band FROM core.survey_responses
    UNION
    SELECT DISTINCT org_unit, region, product_line, NULL, NULL FROM core.exposure_months
)
SELECT 'company' AS cut, 'company' AS segment
UNION ALL
SELECT DISTINCT cut, segment
FROM (UNPIVOT found ON org_unit, region, product_line, channel, age_band INTO NAME cut VALUE segment)
