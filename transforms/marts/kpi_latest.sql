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
        *,
        row_number() OVER (
            PARTITION BY kpi, basis, cut, segment
            ORDER BY CASE WHEN value IS NULL THEN 1 ELSE 0 END, period DESC
        ) AS place
    FROM kpi.monthly
)
SELECT
    newest.kpi,  -- Code of the KPI.
    titles.title,  -- Title of the KPI.
    newest.basis,  -- cohort, period or stock.
    newest.cut,  -- What the company is divided by; company: the whole.
    newest.segment,  -- The part of the cut.
    coalesce(units.name, newest.segment) AS segment_name,  -- Name of the unit; of other cuts the segment.
    newest.period,  -- First day of the month.
    newest.value,  -- Value in its unit; empty if no month has one.
    newest.unit,  -- Unit of the value.
    titles.unit_title,  -- The unit in words.
    newest.ci_low,  -- Lower end of the 95 % interval.
    newest.ci_high,  -- Upper end of the 95 % interval.
    newest.n,  -- Cases that determine the value.
    newest.direction,  -- 1: higher is better, -1: lower is better, 0: neither.
    newest.status,  -- ok, or what is the matter with the value.
    CASE newest.status
        WHEN 'ok' THEN 'fit to be shown'
        WHEN 'low_n' THEN 'too few cases to rely on'
        WHEN 'suppressed' THEN 'withheld, since so few cases could point to people'
        WHEN 'immature' THEN 'not known yet: its cases need more time'
        WHEN 'no_data' THEN 'no case in the period'
        WHEN 'not_applicable' THEN 'not measured: the sources lack what it needs'
    END AS status_in_words,  -- The same in words.
    newest.definition_version  -- Version of the definition it was computed by.
FROM newest
LEFT JOIN kpi.titles AS titles ON titles.kpi = newest.kpi
LEFT JOIN core.org_units AS units
    ON units.org_unit = newest.segment
    AND newest.cut IN ('org_unit', 'current_org_unit')
WHERE newest.place = 1
