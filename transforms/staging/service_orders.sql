/*
Orders of service with the segment of each, in the latest state known on the as-of date.
grain: order_id
owner: service desk
*/
SELECT
    orders.order_id,  -- The order.
    orders.kind,  -- What is to be done.
    orders.item,  -- Which of its kind.
    orders.ordered_at,  -- When it was ordered.
    orders.due_at,  -- When it was promised for; of a reminder, when the premium falls due.
    orders.started_at,  -- When the service began.
    orders.completed_at,  -- When it ended, whatever came of it.
    coalesce(orders.ordered_precision = 'day', FALSE) AS ordered_is_day,  -- Of which only the day is known.
    coalesce(orders.due_precision = 'day', FALSE) AS due_is_day,  -- Of which only the day is known.
    coalesce(orders.started_precision = 'day', FALSE) AS started_is_day,  -- Of which only the day is known.
    coalesce(orders.completed_precision = 'day', FALSE) AS completed_is_day,  -- Of which only the day is known.
    orders.outcome,  -- What came of it.
    orders.reason,  -- Why it was not done.
    orders.problem_found,  -- A call-back found a problem with the sale.
    orders.partner,  -- The firm that provides the service.
    orders.rating,  -- What the customer gave it, 1 to 5.
    orders.policy_id,  -- The policy it is about.
    orders.claim_id,  -- The claim it is about.
    orders.complaint_id,  -- The complaint it is about.
    coalesce(orders.customer_id, policies.customer_id) AS customer_id,  -- Who is served.
    coalesce(orders.service_channel, 'unknown') AS service_channel,  -- By which way it was ordered.
    coalesce(orders.customer_segment, policies.customer_segment, 'unknown') AS customer_segment,  -- Customer segment.
    coalesce(orders.org_unit, policies.org_unit, 'unknown') AS org_unit,  -- Responsible unit.
    coalesce(orders.region, units.region, policies.region, 'unknown') AS region,  -- Region.
    coalesce(orders.product_line, policies.product_line, 'unknown') AS product_line,  -- Product line.
    coalesce(orders.channel, policies.channel, 'unknown') AS channel,  -- Sales channel.
    coalesce(orders.age_band, policies.age_band, 'unknown') AS age_band  -- Age band of the customer.
FROM latest.service_orders AS orders
LEFT JOIN staging.policies AS policies ON policies.policy_id = orders.policy_id
LEFT JOIN latest.org_units AS units ON units.org_unit = orders.org_unit
