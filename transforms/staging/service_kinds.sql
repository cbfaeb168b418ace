/*
Which kinds of service orders are recorded, and since when: of what is not, nothing is made.
grain: kind
owner: service desk
*/
SELECT
    kind,  -- What is to be done.
    min(ordered_at) AS first_ordered_at  -- When the first of the kind was ordered.
FROM known.service_orders
GROUP BY kind
