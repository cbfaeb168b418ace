/*
Every KPI of every segment, quarter by quarter, with titles, names and status in words; counted from the facts, not from months.
grain: kpi, basis, cut, segment, period
owner: service quality
example:
    SELECT year, quarter, value, ci_low, ci_high, status_in_words
    FROM marts.kpi_quarter
    WHERE kpi = 'claim_paid_share' AND basis = 'period' AND cut = 'company'
    ORDER BY period
*/
SELECT
    records.kpi,  -- Code of the KPI.
    titles.title,  -- Title of the KPI.
    records.basis,  -- cohort, period or stock.
    records.cut,  -- What the company is divided by; company: the whole.
    records.segment,  -- The part of the cut.
    coalesce(units.name, records.segment) AS segment_name,  -- Name of the unit; of other cuts the segment.
    records.period,  -- First day of the quarter.
    CAST(year(records.period) AS INTEGER) AS year,  -- Calendar year.
    CAST(quarter(records.period) AS INTEGER) AS quarter,  -- Quarter of the year, 1 to 4.
    records.ends_on,  -- Last day of the quarter.
    records.value,  -- Value in its unit.
    records.unit,  -- Unit of the value.
    titles.unit_title,  -- The unit in words.
    records.ci_low,  -- Lower end of the 95 % interval.
    records.ci_high,  -- Upper end of the 95 % interval.
    records.n,  -- Cases that determine the value.
    records.direction,  -- 1: higher is better, -1: lower is better, 0: neither.
    records.status,  -- ok, or what is the matter with the value.
    CASE records.status
        WHEN 'ok' THEN 'fit to be shown'
        WHEN 'low_n' THEN 'too few cases to rely on'
        WHEN 'suppressed' THEN 'withheld, since so few cases could point to people'
        WHEN 'immature' THEN 'not known yet: its cases need more time'
        WHEN 'no_data' THEN 'no case in the period'
        WHEN 'not_applicable' THEN 'not measured: the sources lack what it needs'
    END AS status_in_words,  -- The same in words.
    records.definition_version  -- Version of the definition it was computed by.
FROM kpi.periodic AS records
LEFT JOIN kpi.titles AS titles ON titles.kpi = records.kpi
LEFT JOIN core.org_units AS units
    ON units.org_unit = records.segment
    AND records.cut IN ('org_unit', 'current_org_unit')
WHERE records.grain = 'quarter'
