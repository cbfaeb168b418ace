/*
What is written outside and what complaints say, to be compared with each other.
grain: text_id
owner: customer research
*/
SELECT
    texts.text_id,  -- The text.
    texts.source,  -- complaint, or where the post was written.
    texts.written_on,  -- Day it was written.
    texts.text,  -- What was written, numbers and addresses of people masked.
    texts.complaint_id  -- The complaint of a comment.
FROM staging.texts AS texts
WHERE texts.is_external OR texts.source = 'complaint'
