/*
Rate and mix effects of the segments sum to the change of the whole. If not, a branch is blamed for what another did.
severity: critical
tables: index.mix_effects
*/
WITH totals AS (
    SELECT kpi, basis, cut, period, sum(value * denominator) / sum(denominator) AS total
    FROM kpi.monthly
    WHERE denominator > 0 AND numerator IS NOT NULL AND value IS NOT NULL
    GROUP BY kpi, basis, cut, period
),
effects AS (
    SELECT kpi, basis, cut, period, period_from, sum(rate_effect + mix_effect) AS explained
    FROM index.mix_effects
    GROUP BY kpi, basis, cut, period, period_from
)
SELECT effects.kpi, effects.basis, effects.cut, effects.period, explained, now.total - before.total AS change
FROM effects
LEFT JOIN totals AS now ON now.kpi = effects.kpi AND now.basis = effects.basis AND now.cut = effects.cut
    AND now.period = effects.period
LEFT JOIN totals AS before
    ON before.kpi = effects.kpi AND before.basis = effects.basis AND before.cut = effects.cut
    AND before.period = effects.period_from
WHERE coalesce(abs(explained - change) > 1e-9 * greatest(1, abs(now.total)), TRUE)
