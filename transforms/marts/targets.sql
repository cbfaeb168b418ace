/*
Is the target met, and will it be: the newest month and the year beside the target, and whether ordinary variation alone
would miss it. Limits of packs are targets too. A target of all segments stands here once a segment.
grain: kpi, basis, cut, segment, year, source
owner: service quality
example:
    SELECT kpi, segment, target, value, gap, state, assurance
    FROM marts.targets
    WHERE assurance <> 'consistently_meets'
    ORDER BY kpi, segment
*/
WITH aimed AS (
    SELECT
        targets.*,
        months.segment AS of_segment,
        months.period,
        months.value,
        months.ci_low,
        months.ci_high,
        months.n,
        months.unit,
        months.direction,
        coalesce(
            targets.side, CASE months.direction WHEN 1 THEN 'at_least' WHEN -1 THEN 'at_most' END
        ) AS good_side
    FROM core.targets AS targets
    JOIN kpi.monthly AS months
        ON months.kpi = targets.kpi
        AND months.basis = targets.basis
        AND months.cut = targets.cut
        AND (months.segment = targets.segment OR (targets.segment = 'all' AND months.segment <> 'unknown'))
        AND (targets.year IS NULL OR year(months.period) = targets.year)
    WHERE months.value IS NOT NULL
    QUALIFY
        row_number() OVER (
            PARTITION BY targets.kpi, targets.basis, targets.cut, months.segment, targets.year, targets.source
            ORDER BY targets.segment = 'all', months.period DESC
        ) = 1
)
SELECT
    aimed.kpi,  -- Code of the KPI.
    aimed.basis,  -- cohort, period or stock.
    aimed.cut,  -- What the company is divided by; company: the whole.
    aimed.of_segment AS segment,  -- The part of the cut.
    aimed.year,  -- Calendar year of the target; empty: every year.
    aimed.source,  -- feed, project, or the code of the pack.
    aimed.good_side AS side,  -- at_least or at_most; empty where neither is better.
    aimed.target,  -- Value that is aimed at.
    aimed.corridor,  -- How far from it, on its bad side, is within the corridor.
    aimed.period,  -- Newest month of the year with a value.
    aimed.value,  -- Value of that month.
    aimed.ci_low,  -- Lower end of its 95 % interval.
    aimed.ci_high,  -- Upper end of its 95 % interval.
    aimed.n,  -- Cases.
    aimed.unit,  -- Unit.
    years.value AS year_value,  -- Value of the whole year of that month, as far as it can be told.
    aimed.value - aimed.target AS gap,  -- Value less target.
    CASE
        WHEN aimed.good_side = 'at_least' AND aimed.value >= aimed.target THEN 'met'
        WHEN aimed.good_side = 'at_most' AND aimed.value <= aimed.target THEN 'met'
        WHEN aimed.good_side IS NULL AND aimed.corridor IS NULL THEN NULL
        WHEN abs(aimed.value - aimed.target) <= aimed.corridor THEN 'in_corridor'
        ELSE 'missed'
    END AS state,  -- met, in_corridor or missed in that month; empty where neither side is better and no corridor is given.
    limits.lower,  -- Lower limit of ordinary variation in that month.
    limits.upper,  -- Upper limit of ordinary variation.
    CASE
        WHEN limits.lower IS NULL OR aimed.good_side IS NULL THEN NULL
        WHEN aimed.good_side = 'at_least' AND limits.lower >= aimed.target THEN 'consistently_meets'
        WHEN aimed.good_side = 'at_most' AND limits.upper <= aimed.target THEN 'consistently_meets'
        WHEN aimed.good_side = 'at_least' AND limits.upper < aimed.target THEN 'consistently_fails'
        WHEN aimed.good_side = 'at_most' AND limits.lower > aimed.target THEN 'consistently_fails'
        ELSE 'hit_or_miss'
    END AS assurance  -- Limits wholly on the good side: consistently_meets; on the bad: consistently_fails; else hit_or_miss.
FROM aimed
LEFT JOIN kpi.signals AS limits
    ON limits.kpi = aimed.kpi
    AND limits.basis = aimed.basis
    AND limits.cut = aimed.cut
    AND limits.segment = aimed.of_segment
    AND limits.period = aimed.period
LEFT JOIN kpi.periodic AS years
    ON years.kpi = aimed.kpi
    AND years.basis = aimed.basis
    AND years.cut = aimed.cut
    AND years.segment = aimed.of_segment
    AND years.grain = 'year'
    AND years.period = date_trunc('year', aimed.period)
