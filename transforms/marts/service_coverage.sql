/*
Which service is to be had by which channel, and how often it was ordered and done there; a channel without orders has a row.
grain: service, service_channel
owner: service desk
example:
    SELECT service, service_channel, ordered_share, done_share
    FROM marts.service_coverage
    WHERE is_offered
    ORDER BY service, ordered_share DESC
*/
WITH ordered AS (
    SELECT kind AS service, service_channel, ordered_on, done_on IS NOT NULL AS is_done, 1 AS cases
    FROM core.service_orders
    UNION ALL
    SELECT 'application' AS service, service_channel, started_on, issued_on IS NOT NULL, 1
    FROM core.applications
    UNION ALL
    SELECT 'claim' AS service, coalesce(service_channel, 'unknown'), reported_on, ended_on IS NOT NULL, cases
    FROM core.claims
    WHERE spell_no = 1 AND reported_on IS NOT NULL
    UNION ALL
    SELECT 'complaint' AS service, coalesce(service_channel, 'unknown'), received_on, closed_on IS NOT NULL, cases
    FROM core.complaints
    WHERE is_merged IS NOT TRUE AND received_on IS NOT NULL
),
counted AS (
    SELECT
        service,
        service_channel,
        CAST(sum(cases) AS BIGINT) AS ordered_count,
        CAST(coalesce(sum(CASE WHEN is_done THEN cases END), 0) AS BIGINT) AS done_count,
        min(ordered_on) AS first_ordered_on,
        max(ordered_on) AS last_ordered_on
    FROM ordered
    GROUP BY service, service_channel
),
places AS (
    SELECT services.service, channels.service_channel, services.of_all
    FROM (SELECT service, sum(ordered_count) AS of_all FROM counted GROUP BY service) AS services
    CROSS JOIN (SELECT DISTINCT service_channel FROM counted) AS channels
)
SELECT
    places.service,  -- A kind of service order, application, claim or complaint.
    places.service_channel,  -- Way by which it was ordered; unknown where nobody says.
    counted.ordered_count IS NOT NULL AS is_offered,  -- It was ordered by this way at least once.
    coalesce(counted.ordered_count, 0) AS ordered_count,  -- Orders by this way: applications begun, claims and complaints made.
    coalesce(counted.done_count, 0) AS done_count,  -- Of these done: issued, ended, closed.
    CAST(counted.done_count AS DOUBLE) / nullif(counted.ordered_count, 0) AS done_share,  -- Done of ordered; open ones are not done yet.
    CAST(coalesce(counted.ordered_count, 0) AS DOUBLE) / nullif(places.of_all, 0) AS ordered_share,  -- Of all orders of this service those by this way.
    counted.first_ordered_on,  -- Day of the first order by this way.
    counted.last_ordered_on  -- Day of the last.
FROM places
LEFT JOIN counted ON counted.service = places.service AND counted.service_channel = places.service_channel
