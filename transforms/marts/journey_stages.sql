/*
The journey by its steps, for whoever has each in hand: entered, done, still open, how long it takes, how it is perceived.
Nothing where the project does not ask for customer_journeys.
grain: period, journey, step_no, org_unit
owner: customer service
example:
    SELECT owner, journey, step, sum(entered_count) AS entered, sum(open_count) AS open_still
    FROM marts.journey_stages
    GROUP BY owner, journey, step, step_no
    ORDER BY journey, step_no
*/
SELECT
    CAST(date_trunc('month', journeys.entered_on) AS DATE) AS period,  -- First day of the month in which the step began.
    journeys.journey,  -- policy, claim or complaint.
    journeys.step_no,  -- 1 for the first step.
    journeys.step,  -- What it is about.
    journeys.stage,  -- Stage of the customer's journey, as surveys ask about it.
    journeys.owner,  -- Who in the house has it in hand.
    journeys.org_unit,  -- Responsible unit.
    max(coalesce(units.name, journeys.org_unit)) AS org_unit_name,  -- Its name.
    count(*) AS entered_count,  -- Steps that began.
    count(DISTINCT journeys.customer_id) AS customer_count,  -- Customers.
    count(journeys.left_on) AS done_count,  -- Steps done by the as-of day.
    count(CASE WHEN journeys.left_on IS NULL AND journeys.is_last THEN 1 END) AS open_count,  -- Not done, with no later step begun.
    median(journeys.days) AS days_median,  -- Calendar days of those done; never to be averaged.
    count(journeys.perceived_score) AS perceived_count,  -- Steps of cases that a survey asked about.
    round(avg(journeys.perceived_score), 6) AS perceived_score  -- Mean satisfaction with these cases, 0 to 100.
FROM core.customer_journeys AS journeys
LEFT JOIN core.org_units AS units ON units.org_unit = journeys.org_unit
GROUP BY 1, journeys.journey, journeys.step_no, journeys.step, journeys.stage, journeys.owner, journeys.org_unit
