/*
Topics of texts by month: how many texts of a kind and language each topic has, and its share.
grain: period, collection, language, topic
owner: customer research
example:
    SELECT period, collection, topic, words, status, text_count, text_share
    FROM marts.text_topics_by_month
    WHERE language = 'zh'
    ORDER BY period, collection, topic
*/
WITH placed AS (
    SELECT
        CAST(date_trunc('month', readings.written_on) AS DATE) AS period,
        readings.collection,
        readings.language,
        readings.topic,
        count(*) AS text_count
    FROM core.text_readings AS readings
    WHERE readings.topic IS NOT NULL
    GROUP BY ALL
)
SELECT
    placed.period,  -- First day of the month.
    placed.collection,  -- Texts of a kind: complaint, comment, message, external or conversation.
    placed.language,  -- Their language.
    placed.topic,  -- Number of the topic.
    topics.words,  -- Its words, the weightiest first.
    topics.status,  -- stable, or unstable: other topics would do as well.
    placed.text_count,  -- Texts of the topic in the month.
    placed.text_count / sum(placed.text_count) OVER (
        PARTITION BY placed.period, placed.collection, placed.language
    ) AS text_share  -- Of the texts of the kind and language that have a topic.
FROM placed
JOIN core.text_topics AS topics
    ON topics.collection = placed.collection AND topics.language = placed.language AND topics.topic = placed.topic
