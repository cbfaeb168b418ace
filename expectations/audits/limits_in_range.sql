/*
A limit of ordinary variation, or of what chance makes of a segment, is a value that the unit cannot have; months and
segments are judged by a chart that nobody can draw.
severity: critical
tables: kpi.signals, kpi.funnels
*/
WITH limits AS (
    SELECT
        kpi,
        basis,
        cut,
        segment,
        period,
        least(*COLUMNS('^(lower|centre|target|upper)')) AS low,
        greatest(*COLUMNS('^(lower|centre|target|upper)')) AS high
    FROM {batch}
)
SELECT kpi, basis, cut, segment, period, unit, low, high, lowest, highest
FROM limits
JOIN kpi.monthly USING (kpi, basis, cut, segment, period)
JOIN catalog.units USING (unit)
WHERE low < lowest OR high > highest
