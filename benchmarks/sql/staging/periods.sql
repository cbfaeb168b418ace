-- The months of the KPIs. One row per month.
SELECT
    CAST(date_trunc('month', as_of) - to_months(back) AS DATE) AS period,
    last_day(CAST(date_trunc('month', as_of) - to_months(back) AS DATE)) AS ends_on
FROM (SELECT as_of, CAST(unnest(range(months)) AS INTEGER) AS back FROM staging.run)
