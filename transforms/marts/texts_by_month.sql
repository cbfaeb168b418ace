/*
What customers write by source, unit and month: how much, how much of it repeats a complaint to the insurer, and the cues that texts give.
grain: period, source, is_external, org_unit
owner: customer research
example:
    SELECT period, source, sum(text_count - repeating_count) AS text_count, sum(names_regulator_count) AS names_regulator_count
    FROM marts.texts_by_month
    WHERE is_external
    GROUP BY period, source
    ORDER BY period, source
*/
SELECT
    CAST(date_trunc('month', texts.written_on) AS DATE) AS period,  -- First day of the month.
    texts.source,  -- Where it was written or said; comments are of the sources complaint and survey.
    texts.is_external,  -- Published outside the insurer's own channels; a series of its own, in no regulatory ratio.
    texts.org_unit,  -- Unit it is about.
    max(coalesce(units.name, texts.org_unit)) AS org_unit_name,  -- Its name.
    count(*) AS text_count,  -- Texts.
    count(texts.repeats_complaint_id) AS repeating_count,  -- Of these, external ones that repeat a complaint to the insurer.
    count(CASE WHEN texts.names_regulator THEN 1 END) AS names_regulator_count,  -- Of the texts, those that name a regulator.
    count(CASE WHEN texts.names_lawyer THEN 1 END) AS names_lawyer_count,  -- Those that name a lawyer or a court.
    count(CASE WHEN texts.names_media THEN 1 END) AS names_media_count,  -- Those that name the press.
    count(CASE WHEN texts.says_misled THEN 1 END) AS says_misled_count,  -- Those that say the customer was misled.
    count(CASE WHEN texts.says_delayed THEN 1 END) AS says_delayed_count,  -- Those that say something takes too long.
    count(readings.category) AS stated_count,  -- Those whose category a published model states.
    count(CASE WHEN readings.sentiment = 'negative' THEN 1 END) AS negative_count,  -- Comments that a published model reads as negative.
    count(readings.sentiment) AS sentiment_count  -- Comments whose sentiment a published model reads.
FROM core.texts AS texts
JOIN core.text_readings AS readings ON readings.text_id = texts.text_id
LEFT JOIN core.org_units AS units ON units.org_unit = texts.org_unit
GROUP BY 1, texts.source, texts.is_external, texts.org_unit
