/*
What a model that is not good enough says of texts is published, and counted as if it were right.
severity: critical
tables: core.text_readings
*/
WITH published AS (
    SELECT model
    FROM core.text_models
    WHERE class = 'all' AND status = 'published'
)
SELECT text_id, category_reading, sentiment
FROM core.text_readings
WHERE (category_reading IS NOT NULL AND 'category' NOT IN (SELECT model FROM published))
    OR (sentiment IS NOT NULL AND 'sentiment' NOT IN (SELECT model FROM published))
