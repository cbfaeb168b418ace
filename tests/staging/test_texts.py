"""staging.texts: messages, and the comments of complaints and surveys, each with its segment."""

from datetime import date
from pathlib import Path

from straight_into_raw import deliver

from orchestration.build import Run, open_session
from orchestration.models import models
from transforms.settings import Settings
from warehouse.folder import Folder
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Store

FEEDS = {
    "policies": "SELECT 'P1' AS policy_id, DATE '2024-01-01' AS issued_on, 'north' AS org_unit, 'C1' AS customer_id",
    "texts": """
        SELECT * FROM (VALUES
            ('1', 'email', NULL, 'P1', NULL), ('2', 'social', NULL, NULL, NULL), ('3', 'platform', FALSE, NULL, NULL),
            ('4', 'chat', NULL, 'P1', 'south')
        ) AS rows(text_id, source, is_external, policy_id, org_unit),
        (SELECT DATE '2025-06-01' AS written_on, 'a' AS text)
    """,
    "complaints": """
        SELECT complaint_id, comment, DATE '2025-06-02' AS received_on, 'P1' AS policy_id, 'sales' AS category
        FROM (VALUES ('K1', 'b'), ('K2', NULL)) AS rows(complaint_id, comment)
    """,
    "survey_answers": """
        SELECT 'S' AS survey, '1' AS wave, 'R1' AS response_id, DATE '2025-06-03' AS answered_on, question, comment
        FROM (VALUES ('Q1', NULL), ('Q2', 'c')) AS rows(question, comment)
    """,
}


def test_texts_come_from_three_feeds_with_their_segments(tmp_path: Path) -> None:
    """Platforms and social media are outside unless it is said; a text has its own unit before that of its policy."""
    with Store(Folder(tmp_path)) as store:
        create_raw(store.con)
        for load_id, (feed, rows) in enumerate(FEEDS.items(), 1):
            deliver(store, feed, rows, load_id=load_id)
        open_session(store, Run(date(2025, 6, 30), Settings(), (date(2025, 6, 1),)), models())
        found = store.con.sql(
            "SELECT text_id, source, text, label, is_external, org_unit, customer_id "
            "FROM staging.texts ORDER BY text_id"
        ).fetchall()
    assert found == [
        ("1", "email", "a", None, False, "north", "C1"),
        ("2", "social", "a", None, True, "unknown", None),
        ("3", "platform", "a", None, False, "unknown", None),
        ("4", "chat", "a", None, False, "south", "C1"),
        ("complaint/K1", "complaint", "b", "sales", False, "north", "C1"),
        ("survey/S/1/R1/Q2", "survey", "c", None, False, "unknown", None),
    ]
