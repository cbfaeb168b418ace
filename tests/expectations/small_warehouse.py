"""A warehouse of a small insurer, built by the real models from rows written straight into raw."""

from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path

from straight_into_raw import deliver

from orchestration.build import Run, make, open_session
from orchestration.models import models
from orchestration.project import shipped_frameworks
from transforms.periods import months_until
from transforms.settings import RobustnessSettings, Settings, TextSettings
from warehouse.folder import Folder
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Store

AS_OF = date(2024, 12, 31)

# The branch, product line, channel and age band of case number i.
SEGMENT = """
    ['north', 'south'][1 + i % 2] AS org_unit,
    ['life', 'health'][1 + i // 2 % 2] AS product_line,
    ['agents', 'bank'][1 + i // 4 % 2] AS channel,
    '45-59' AS age_band
"""
FEEDS = {
    "calendar": "SELECT DATE '2024-10-07' AS date, FALSE AS is_workday",
    "org_units": """
        SELECT * FROM (VALUES
            ('head_office', NULL, NULL), ('north', 'head_office', 'cold'), ('south', 'head_office', 'warm')
        ) AS units(org_unit, parent, region)
    """,
    "policies": f"""
        SELECT 'P' || i AS policy_id, 'Z' || i AS customer_id, DATE '2023-01-05' + CAST(i * 3 AS INTEGER) AS issued_on,
            'annual' AS pay_mode, 240 AS premium_term_months, 1000 AS modal_premium, 1000 AS annual_premium,
            DATE '1970-05-01' AS birth_on, {SEGMENT}
        FROM range(200) AS cases(i)
    """,
    "premiums": """
        SELECT 'P' || i AS policy_id, year + 1 AS instalment_no, 1000 AS due_amount,
            CAST(DATE '2023-01-05' + CAST(i * 3 AS INTEGER) + to_years(CAST(year AS INTEGER)) AS DATE) AS due_on,
            CASE WHEN i % 7 > 0 OR year = 0 THEN due_on + 10 END AS paid_on,
            CASE WHEN i % 7 > 0 OR year = 0 THEN 1000 END AS paid_amount
        FROM range(200) AS cases(i), range(2) AS years(year)
    """,
    "policy_events": """
        SELECT 'E' || i AS event_id, 'P' || i AS policy_id, 'surrender' AS event,
            DATE '2024-01-15' + CAST(i AS INTEGER) AS effective_on
        FROM range(0, 100, 7) AS cases(i)
    """,
    "claim_events": f"""
        SELECT claim || '-' || event AS event_id, claim AS claim_id, event, happened_at AS event_at,
            happened_at + INTERVAL 1 HOUR AS recorded_at, policy_id, 500 AS amount,
            CASE WHEN event = 'decided' THEN 'paid_full' END AS outcome, {SEGMENT}
        FROM (
            SELECT i, 'C' || i AS claim, 'P' || i AS policy_id,
                unnest(['reported', 'documents_complete', 'decided', 'paid', 'closed']) AS event,
                TIMESTAMPTZ '2024-01-02 03:00:00+00' + to_hours(CAST(i * 70 AS INTEGER))
                    + to_days(CAST(unnest([0, 2, 5, 7, 9]) AS INTEGER)) AS happened_at
            FROM range(120) AS cases(i)
        )
        WHERE NOT (i % 10 = 0 AND event <> 'reported')
    """,
    # Over two years: limits of ordinary variation, and so signals, need twelve recorded months before the newest.
    "complaints": f"""
        SELECT 'K' || i AS complaint_id, DATE '2023-01-03' + CAST(i * 8 AS INTEGER) AS received_on,
            CASE WHEN i % 9 > 0 THEN received_on + 12 END AS closed_on,
            CASE WHEN i % 9 > 0 THEN ['upheld', 'not_upheld', 'withdrawn'][1 + i % 3] END AS outcome,
            CASE WHEN i = 5 THEN 'K4' END AS merged_into,
            CASE WHEN i = 70 THEN 'my claim is not paid' END AS comment, {SEGMENT}
        FROM range(90) AS cases(i)
    """,
    "audits": f"""
        SELECT 'A' || i AS audit_id, ['mystery_shopping', 'claim_file', 'sale_recording'][1 + i % 3] AS kind,
            DATE '2024-01-03' + CAST(i * 5 AS INTEGER) AS audited_on, i % 8 > 0 AS passed,
            CASE WHEN i % 8 = 0 THEN 'minor' END AS severity, {SEGMENT}
        FROM range(60) AS cases(i)
    """,
    "actions": """
        SELECT 'T' || i AS action_id, ['training', 'process', 'staffing', 'system'][1 + i % 4] AS kind,
            DATE '2024-01-10' + CAST(i * 10 AS INTEGER) AS opened_on, opened_on + 30 AS due_on,
            CASE WHEN i % 3 > 0 THEN opened_on + 20 END AS done_on, 'complaint_upheld_share' AS kpi, 'period' AS basis,
            'org_unit' AS cut, ['north', 'south'][1 + i % 2] AS segment, 0.2 AS target, 'K' || i AS complaint_id
        FROM range(30) AS cases(i)
    """,
    "targets": """
        SELECT 'complaint_upheld_share' AS kpi, 'period' AS basis, 'org_unit' AS cut, 'all' AS segment, 2024 AS year,
            0.3 AS target, 0.05 AS corridor
    """,
    "contacts": f"""
        SELECT 'N' || i AS contact_id, ['call', 'bot', 'app'][1 + i % 3] AS medium, 'P' || i AS policy_id,
            'Z' || i % 50 AS customer_id, ['claim_progress', 'payment'][1 + i % 2] AS purpose,
            TIMESTAMPTZ '2024-01-02 03:00:00+00' + to_hours(CAST(i * 40 AS INTEGER)) AS offered_at,
            CASE WHEN i % 10 > 0 THEN offered_at + INTERVAL 20 SECOND END AS answered_at,
            CASE WHEN i % 10 = 0 THEN offered_at + INTERVAL 30 SECOND END AS abandoned_at, 1 + i % 5 AS rating,
            {SEGMENT}
        FROM range(180) AS cases(i)
    """,
    "survey_questions": """
        SELECT 'care' AS survey, left(part, 1) || dimension AS question, dimension AS item, part AS construct,
            dimension, 1 AS scale_min, 7 AS scale_max
        FROM unnest(['tangibles', 'reliability', 'responsiveness', 'assurance', 'empathy']) AS d(dimension),
            unnest(['perception', 'expectation']) AS p(part)
        UNION ALL
        SELECT 'care', 'nps', 'nps', 'recommendation', NULL, 0, 10
    """,
    "survey_answers": f"""
        SELECT 'care' AS survey, '1' AS wave, 'R' || i AS response_id, question,
            DATE '2024-01-10' + CAST(i // 5 AS INTEGER) AS answered_on,
            1 + (i * 5 + length(question) * 3) % 7 AS score, 300 AS seconds,
            CASE WHEN i < 60 THEN 'C' || i END AS claim_id, {SEGMENT}
        FROM range(1500) AS cases(i), raw.survey_questions
    """,
    "survey_invitations": f"""
        SELECT 'care' AS survey, '1' AS wave, 'I' || i AS invitation_id,
            DATE '2024-01-10' + CAST(i AS INTEGER) AS invited_on, 'list' AS frame,
            CASE WHEN i < 60 THEN 'complete' ELSE 'refused' END AS disposition,
            CASE WHEN i < 60 THEN 'R' || i END AS response_id, 'C' || i AS claim_id, 'Z' || i AS customer_id, {SEGMENT}
        FROM range(120) AS cases(i)
    """,
    # Of each policy issued since 2024 a delivery, of its premiums reminders, and what customers asked for.
    "service_orders": f"""
        SELECT 'D' || i AS order_id, 'delivery' AS kind, 'P' || i AS policy_id, 'done' AS outcome,
            TIMESTAMPTZ '2023-01-05 01:00:00+00' + to_days(CAST(i * 3 AS INTEGER)) AS ordered_at, NULL AS due_at,
            NULL AS started_at, ordered_at + INTERVAL 4 DAY AS completed_at, NULL AS rating, {SEGMENT}
        FROM range(120, 200) AS cases(i)
        UNION ALL
        SELECT 'M' || i, 'reminder', 'P' || i, 'done',
            TIMESTAMPTZ '2023-12-25 01:00:00+00' + to_days(CAST(i * 3 AS INTEGER)) AS sent_at, NULL, NULL,
            sent_at + INTERVAL 1 HOUR, NULL, {SEGMENT}
        FROM range(100) AS cases(i)
        UNION ALL
        SELECT 'O' || i, ['alteration', 'roadside', 'value_added', 'objection'][1 + i % 4], 'P' || i,
            CASE WHEN i % 9 > 0 THEN ['done', 'failed', 'cancelled', 'done'][1 + i % 4] END,
            TIMESTAMPTZ '2023-01-06 01:00:00+00' + to_days(CAST(i * 4 AS INTEGER)) AS asked_at,
            asked_at + INTERVAL 1 HOUR,
            CASE WHEN i % 9 > 0 THEN asked_at + INTERVAL 40 MINUTE END,
            CASE WHEN i % 9 > 0 THEN asked_at + INTERVAL 2 DAY END,
            CASE WHEN i % 9 > 0 THEN 4 END, {SEGMENT}
        FROM range(160) AS cases(i)
    """,
    "texts": f"""
        SELECT 'M' || i AS text_id, CASE WHEN i < 216 THEN 'email' ELSE 'platform' END AS source,
            DATE '2024-02-01' + CAST(i AS INTEGER) AS written_on, ['claims', 'premium'][1 + i % 2] AS label,
            ['my claim is not paid ', 'the premium was collected twice '][1 + i % 2]
                || chr(97 + CAST(i // 10 AS INTEGER)) || chr(97 + CAST(i % 10 AS INTEGER)) AS text, {SEGMENT}
        FROM range(240) AS cases(i)
    """,
    "applications": f"""
        SELECT 'A' || i AS application_id, 'P' || i AS policy_id, 'app' AS service_channel, 'auto' AS actor,
            TIMESTAMPTZ '2023-01-05 01:00:00+00' + to_days(CAST(i * 3 AS INTEGER)) AS started_at,
            started_at + INTERVAL 1 HOUR AS submitted_at, started_at + INTERVAL 3 HOUR AS decided_at,
            started_at + INTERVAL 4 HOUR AS issued_at, 'accepted' AS decision, 0.5 AS customer_wait_hours, {SEGMENT}
        FROM range(200) AS cases(i)
    """,
    "exposures": """
        SELECT CAST(month AS DATE) AS month, unit AS org_unit, 'life' AS product_line, 100 AS policies
        FROM generate_series(DATE '2024-01-01', DATE '2024-12-01', INTERVAL 1 MONTH) AS months(month),
            unnest(['north', 'south']) AS units(unit)
    """,
}


SETTINGS = Settings(
    time_zone="Asia/Shanghai",
    frameworks=(shipped_frameworks()["life_default"],),
    texts=TextSettings(min_texts_per_class=20),
    robustness=RobustnessSettings(draws=100, bootstrap_draws=100, sobol_points=64),
)
RUN = Run(AS_OF, SETTINGS, tuple(months_until(AS_OF, 24)))


def build(
    folder: Path, feeds: Iterable[str] = FEEDS, schemas: Collection[str] = ("core", "kpi", "index", "marts")
) -> Store:
    """The open store of a warehouse in which these feeds were delivered and every table of `schemas` was made."""
    store = Store(Folder(folder))
    create_raw(store.con)
    for load_id, feed in enumerate(feeds, 1):
        _deliver(store, feed, load_id)
    graph = models()
    open_session(store, RUN, graph)
    for node in graph.values():
        if node.schema in schemas:
            make(store, node, RUN, graph)
    return store


def _deliver(store: Store, feed: str, load_id: int) -> None:
    """Deliver the rows of a feed; one more row was read and rejected."""
    deliver(store, feed, FEEDS[feed], load_id=load_id)
    store.con.execute(
        "UPDATE raw.loads SET rows_read = rows_read + 1, rows_rejected = 1 WHERE load_id = $id",
        {"id": load_id},
    )
    store.con.execute(
        "INSERT INTO raw.rejects BY NAME SELECT $id AS _load_id, $feed AS feed, 1 AS line, 'blank' AS reason",
        {"id": load_id, "feed": feed},
    )
