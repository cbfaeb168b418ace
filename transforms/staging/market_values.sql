/*
Confirmed complaints and premium income of the whole market, by period and product line.
grain: period, product_line
owner: complaints
*/
SELECT
    period,  -- The period as text: 2025-03, 2025-Q1, 2025-H1 or 2025.
    product_line,  -- Product line, or all.
    complaints,  -- Confirmed complaints against all insurers.
    premium_income  -- Premium income of all insurers.
FROM latest.market_values
