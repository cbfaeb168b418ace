/*
The log of the service desk with the segment of each contact, in the latest state known on the as-of date.
grain: contact_id
owner: service desk
*/
SELECT
    contacts.contact_id,  -- The contact.
    contacts.medium,  -- call, chat, bot, counter, email or app.
    contacts.purpose,  -- What it was about.
    contacts.service_channel,  -- Where it took place, if the source says so.
    contacts.actor,  -- Who took it first.
    contacts.offered_at,  -- When the customer asked.
    contacts.answered_at,  -- When a person took it.
    coalesce(contacts.offered_precision = 'day' OR contacts.answered_precision = 'day', FALSE) AS is_day,  -- Of one of these only the day is known.
    contacts.handed_over_at,  -- When it was handed over.
    contacts.abandoned_at,  -- When the customer gave up.
    contacts.called_back_at,  -- When the customer was called back.
    contacts.ended_at,  -- When it ended.
    contacts.succeeded,  -- What was wanted was done.
    contacts.rating,  -- Rating from 1 to 5.
    contacts.handler_id,  -- Who took it.
    coalesce(contacts.customer_id, policies.customer_id) AS customer_id,  -- The customer.
    contacts.policy_id,  -- The policy it was about.
    contacts.claim_id,  -- The claim it was about.
    contacts.complaint_id,  -- The complaint it was about.
    coalesce(contacts.org_unit, policies.org_unit, 'unknown') AS org_unit,  -- Unit that served.
    coalesce(contacts.region, units.region, policies.region, 'unknown') AS region,  -- Region.
    coalesce(contacts.product_line, policies.product_line, 'unknown') AS product_line,  -- Product line.
    coalesce(contacts.channel, policies.channel, 'unknown') AS channel,  -- Sales channel.
    coalesce(contacts.age_band, policies.age_band, 'unknown') AS age_band,  -- Age band of the customer.
    coalesce(contacts.customer_segment, policies.customer_segment, 'unknown') AS customer_segment,  -- Customer segment.
    coalesce(
        TRY_CAST(regexp_extract(contacts.age_band, '[0-9]+') AS INTEGER) >= 60,
        year(contacts.offered_at) - policies.birth_year >= 60,
        TRY_CAST(regexp_extract(policies.age_band, '[0-9]+') AS INTEGER) >= 60
    ) AS is_elder  -- 60 or older, by the band of the contact, the year of birth, or the band of the policy.
FROM latest.contacts AS contacts
LEFT JOIN staging.policies AS policies ON policies.policy_id = contacts.policy_id
LEFT JOIN latest.org_units AS units ON units.org_unit = contacts.org_unit
