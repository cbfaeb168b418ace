-- The life of each claim from report to payment. One row per claim and spell.
WITH events AS (
    SELECT * FROM staging.claim_events WHERE event_at < (SELECT ends_at FROM staging.run)
),
spells AS (
    SELECT
        claim_id,
        spell_no,
        min(event_at) FILTER (event = 'reported') AS reported_at,
        min(event_at) FILTER (event = 'registered') AS registered_at,
        min(event_at) FILTER (event = 'contacted') AS contacted_at,
        min(event_at) FILTER (event = 'documents_requested') AS documents_requested_at,
        min(event_at) FILTER (event = 'decided') AS first_decided_at,
        min(event_at) FILTER (event = 'refusal_sent') AS refusal_sent_at,
        min(event_at) FILTER (event = 'agreed') AS agreed_at,
        min(event_at) FILTER (event = 'prepaid') AS prepaid_at,
        min(event_at) FILTER (event = 'paid') AS paid_at,
        min(event_at) FILTER (event = 'closed') AS closed_at,
        min(event_at) FILTER (event = 'withdrawn') AS withdrawn_at,
        min(event_at) FILTER (event = 'cancelled') AS cancelled_at,
        min(event_at) FILTER (event = 'reopened') AS reopened_at,
        max(outcome) AS stated_outcome,
        sum(amount) FILTER (event IN ('paid', 'prepaid')) AS paid_amount,
        count(*) FILTER (event IN ('paid', 'prepaid')) AS payment_count,
        min(actor) FILTER (event = 'decided') = 'auto' AS is_decided_by_system
    FROM events
    GROUP BY claim_id, spell_no
),
documents AS (
    SELECT
        events.claim_id,
        events.spell_no,
        max(event_at) FILTER (event = 'documents_complete') AS documents_complete_at,
        count(*) FILTER (event = 'documents_requested') AS document_request_count
    FROM events
    INNER JOIN spells ON spells.claim_id = events.claim_id AND spells.spell_no = events.spell_no
    WHERE event IN ('documents_complete', 'documents_requested')
        AND (first_decided_at IS NULL OR event_at <= first_decided_at)
    GROUP BY events.claim_id, events.spell_no
),
cases AS (
    SELECT
        claim_id,
        max(policy_id) AS policy_id,
        max(customer_id) AS customer_id,
        max(claim_type) AS claim_type,
        max(org_unit) AS org_unit,
        min(loss_at) AS loss_at,
        max(claimed_amount) AS claimed_amount,
        bool_or(investigated) AS is_investigated,
        bool_or(fast_track) AS is_fast_track
    FROM staging.claim_events
    GROUP BY claim_id
),
joined AS (
    SELECT
        spells.* EXCLUDE (payment_count, paid_amount, stated_outcome),
        documents.documents_complete_at,
        documents.document_request_count,
        cases.policy_id,
        coalesce(cases.customer_id, policies.customer_id) AS customer_id,
        coalesce(cases.org_unit, policies.org_unit, 'unknown') AS org_unit,
        coalesce(units.region, policies.region, 'unknown') AS region,
        coalesce(policies.product_line, 'unknown') AS product_line,
        coalesce(policies.channel, 'unknown') AS channel,
        coalesce(policies.age_band, 'unknown') AS age_band,
        cases.claim_type,
        cases.loss_at,
        cases.claimed_amount,
        cases.is_investigated,
        cases.is_fast_track,
        CAST(CASE WHEN payment_count > 0 THEN coalesce(paid_amount, 0) END AS DECIMAL(18,2)) AS paid_amount,
        CASE
            WHEN cancelled_at IS NOT NULL THEN 'cancelled'
            WHEN stated_outcome IS NOT NULL THEN stated_outcome
            WHEN paid_at IS NOT NULL THEN 'paid_full'
            WHEN withdrawn_at IS NOT NULL THEN 'withdrawn'
        END AS outcome,
        coalesce(
            least(closed_at, withdrawn_at, cancelled_at),
            paid_at,
            CASE WHEN stated_outcome = 'rejected' THEN first_decided_at END
        ) AS ended_at
    FROM spells
    LEFT JOIN documents ON documents.claim_id = spells.claim_id AND documents.spell_no = spells.spell_no
    LEFT JOIN cases ON cases.claim_id = spells.claim_id
    LEFT JOIN staging.policies AS policies ON policies.policy_id = cases.policy_id
    LEFT JOIN staging.org_units AS units ON units.org_unit = cases.org_unit
)
SELECT
    * NOT LIKE '%_at',
    -- The clocks of the source stand eight hours ahead of UTC all year.
    make_timestamptz(epoch_us(COLUMNS('_at$')) - 28_800_000_000),
    CAST(reported_at AS DATE) AS reported_on,
    CAST(documents_complete_at AS DATE) AS documents_complete_on,
    CAST(first_decided_at AS DATE) AS decided_on,
    CAST(agreed_at AS DATE) AS agreed_on,
    CAST(paid_at AS DATE) AS paid_on,
    CAST(withdrawn_at AS DATE) AS withdrawn_on,
    CAST(ended_at AS DATE) AS ended_on,
    CAST(NULL AS BOOLEAN) AS has_injury,
    CAST(NULL AS BOOLEAN) AS has_third_party,
    CAST(NULL AS INTEGER) AS contract_decision_days,
    CAST(NULL AS INTEGER) AS contract_payment_days,
    CASE WHEN first_decided_at >= reported_at THEN epoch_us(first_decided_at - reported_at) / 86_400_000_000 END
        AS report_to_decision_days,
    CASE WHEN first_decided_at >= documents_complete_at THEN epoch_us(first_decided_at - documents_complete_at) / 86_400_000_000 END
        AS documents_to_decision_days,
    CASE WHEN paid_at >= reported_at THEN epoch_us(paid_at - reported_at) / 86_400_000_000 END
        AS report_to_payment_days,
    CASE WHEN paid_at >= coalesce(agreed_at, first_decided_at)
        THEN epoch_us(paid_at - coalesce(agreed_at, first_decided_at)) / 86_400_000_000 END AS agreement_to_payment_days,
    CASE WHEN paid_at >= documents_complete_at THEN epoch_us(paid_at - documents_complete_at) / 86_400_000_000 END
        AS documents_to_payment_days,
    CASE WHEN paid_at >= loss_at THEN epoch_us(paid_at - loss_at) / 86_400_000_000 END
        AS loss_to_payment_days,
    CASE WHEN ended_at IS NULL THEN (SELECT as_of FROM staging.run) - CAST(coalesce(reported_at, reopened_at) AS DATE) END
        AS age_days,
    CASE
        WHEN coalesce(reported_at, reopened_at) IS NULL THEN 'no report'
        WHEN first_decided_at < coalesce(reported_at, reopened_at) THEN 'decided before reported'
        WHEN paid_at < coalesce(reported_at, reopened_at) THEN 'paid before reported'
        WHEN ended_at < coalesce(reported_at, reopened_at) THEN 'ended before reported'
    END AS sequence_fault
FROM joined
