-- Exposures by month, unit and product line as the insurer states them.
SELECT month, org_unit, region, product_line, policies, lives, premium_income, reserve_opening
FROM read_csv(
    'feeds/exposures.csv',
    header = true,
    ignore_errors = true,
    columns = {
        'month': 'DATE', 'org_unit': 'VARCHAR', 'product_line': 'VARCHAR', 'region': 'VARCHAR',
        'policies': 'BIGINT', 'lives': 'BIGINT', 'premium_income': 'DECIMAL(18,2)',
        'reserve_opening': 'DECIMAL(18,2)', 'recorded_at': 'TIMESTAMP', 'outlets': 'BIGINT',
        'investment_opening': 'DECIMAL(18,2)', 'investment_deposits': 'DECIMAL(18,2)', 'investment_surrendered': 'DECIMAL(18,2)'
    }
)
WHERE recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.run)
QUALIFY row_number() OVER (PARTITION BY month, org_unit, product_line ORDER BY recorded_at DESC) = 1
