/*
Targets as delivered, in the latest state known on the as-of date.
grain: kpi, basis, cut, segment, year
owner: service quality
*/
SELECT
    kpi,  -- Code of the KPI.
    basis,  -- cohort, period or stock.
    cut,  -- What the segment is one of.
    segment,  -- The segment; all: every segment of the cut without a target of its own.
    year,  -- Calendar year.
    target,  -- Value that is aimed at.
    corridor  -- How far from the target, on its bad side, is within the corridor.
FROM latest.targets
