/*
Figures that others have worked out, as delivered, each with the line it stands on.
grain: indicator, period, basis, cut, segment
owner: service quality
*/
SELECT
    indicator,  -- Code of the indicator.
    period,  -- The period as text: 2025-03, 2025-Q1, 2025-H1 or 2025.
    basis,  -- cohort, period, stock, or declared: that of the indicator.
    cut,  -- What the segments are segments of.
    segment,  -- The segment.
    value,  -- Value as delivered.
    numerator,  -- Numerator.
    denominator,  -- Denominator.
    n,  -- Cases that determine the value.
    ci_low,  -- Lower end of the 95 % interval.
    ci_high,  -- Upper end of it.
    mark,  -- What the source remarks about the value.
    _load_id AS load_id,  -- The load that brought it, as in raw.loads.
    _line AS line  -- Line of that load's file.
FROM latest.indicator_values
