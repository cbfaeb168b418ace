/*
Where records and customers disagree: objective and perceived score of each dimension, and of each stage of the journey,
side by side, and how to read it. A row is of a dimension over all stages, or of a stage over all dimensions.
grain: framework, framework_version, period, cut, segment, dimension, stage
owner: customer research
example:
    SELECT segment, dimension, objective_score, perceived_score, reading, verdict
    FROM marts.gap_map
    WHERE cut = 'org_unit' AND stage = 'all' AND period = (SELECT max(period) FROM marts.gap_map)
    ORDER BY gap_points
*/
WITH gaps AS (
    SELECT framework, framework_version, period, cut, segment, dimension, 'all' AS stage, objective_score,
        perceived_score, gap_points, reading
    FROM index.gaps
    UNION ALL
    SELECT framework, framework_version, period, cut, segment, 'all', stage, objective_score,
        perceived_score, gap_points, reading
    FROM index.stage_gaps
)
SELECT
    gaps.framework,  -- Framework of the index.
    gaps.framework_version,  -- Its version.
    gaps.period,  -- First day of the month.
    gaps.cut,  -- What the company is divided by; company: the whole.
    gaps.segment,  -- The part of the cut.
    gaps.dimension,  -- Dimension of service quality; all: a row of a stage.
    gaps.stage,  -- Stage of the journey: presale, application, policy, claims, complaint, care; all: of a dimension.
    gaps.objective_score,  -- Score from the insurer's records, 0 to 100.
    gaps.perceived_score,  -- Score from customers' answers, 0 to 100.
    gaps.gap_points,  -- Perceived less objective.
    gaps.reading,  -- strength, communication problem, survey or survivorship bias, or weakness.
    gaps.objective_score - company.objective_score AS objective_apart_points,  -- Objective less the company's.
    gaps.perceived_score - company.perceived_score AS perceived_apart_points,  -- Perceived less the company's.
    calibration.spearman,  -- Rank correlation of the two over units and months of the cut.
    calibration.verdict  -- Whether the two go together as they should; if not, read the gap with care.
FROM gaps
LEFT JOIN gaps AS company
    ON company.framework = gaps.framework
    AND company.framework_version = gaps.framework_version
    AND company.period = gaps.period
    AND company.dimension = gaps.dimension
    AND company.stage = gaps.stage
    AND company.cut = 'company'
LEFT JOIN index.calibration AS calibration
    ON calibration.framework = gaps.framework
    AND calibration.framework_version = gaps.framework_version
    AND calibration.cut = gaps.cut
    AND calibration.dimension = gaps.dimension
WHERE gaps.segment <> 'unknown' AND (gaps.objective_score IS NOT NULL OR gaps.perceived_score IS NOT NULL)
