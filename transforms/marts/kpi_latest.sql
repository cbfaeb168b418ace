/*
Every KPI of every segment in the newest month that has a value, with titles, names and status in words; without any value, why.
grain: kpi, basis, cut, segment
owner: service quality
example:
    SELECT title, period, value, unit_title, status_in_words
    FROM marts.kpi_latest
    WHERE cut = 'company'
    ORDER BY title, basis
*/
WITH newest AS (
    SELECT
        kpi,
        basis,
        cut,
        segment,
        coalesce(max(CASE WHEN value IS NOT NULL THEN period END), max(period)) AS period
    FROM kpi.monthly
    GROUP BY kpi, basis, cut, segment
)
SELECT
    records.kpi,  -- Code of the KPI.
    titles.title,  -- Title of the KPI.
    records.basis,  -- cohort, period or stock.
    records.cut,  -- What the company is divided by; company: the whole.
    records.segment,  -- The part of the cut.
    coalesce(units.name, records.segment) AS segment_name,  -- Name of the unit; of other cuts the segment.
    records.period,  -- First day of the month.
    records.value,  -- Value in its unit; empty if no month has one.
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
FROM newest
INNER JOIN kpi.monthly AS records
    ON records.kpi = newest.kpi
    AND records.basis = newest.basis
    AND records.cut = newest.cut
    AND records.segment = newest.segment
    AND records.period = newest.period
LEFT JOIN kpi.titles AS titles ON titles.kpi = records.kpi
LEFT JOIN core.org_units AS units
    ON units.org_unit = records.segment
    AND records.cut IN ('org_unit', 'current_org_unit')
