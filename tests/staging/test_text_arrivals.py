"""staging.text_arrivals: since when each text is known, by the names of staging.texts."""

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
    "texts": """
        SELECT text_id, 'email' AS source, DATE '2025-05-30' AS written_on, text,
            CAST(seen AS TIMESTAMPTZ) AS recorded_at
        FROM (VALUES
            ('1', 'a', '2025-06-02 00:00:00+00'), ('1', 'b', '2025-06-20 00:00:00+00'), ('2', 'c', NULL)
        ) AS rows(text_id, text, seen)
    """,
    "complaints": """
        SELECT complaint_id, comment, DATE '2025-06-02' AS received_on,
            TIMESTAMPTZ '2025-06-03 00:00:00+00' AS recorded_at
        FROM (VALUES ('K1', 'b'), ('K2', NULL)) AS rows(complaint_id, comment)
    """,
    "survey_answers": """
        SELECT 'S' AS survey, '1' AS wave, 'R1' AS response_id, DATE '2025-06-03' AS answered_on, question, comment,
            TIMESTAMPTZ '2025-06-04 00:00:00+00' AS recorded_at
        FROM (VALUES ('Q1', NULL), ('Q2', 'c')) AS rows(question, comment)
    """,
}


def test_each_text_is_known_since_its_first_version(tmp_path: Path) -> None:
    with Store(Folder(tmp_path)) as store:
        create_raw(store.con)
        for load_id, (feed, rows) in enumerate(FEEDS.items(), 1):
            deliver(store, feed, rows, load_id=load_id)
        open_session(store, Run(date(2025, 6, 30), Settings(), (date(2025, 6, 1),)), models())
        since = dict(
            store.con.sql(
                "SELECT text_id, CAST(first_recorded_at AS DATE) FROM staging.text_arrivals"
            ).fetchall()
        )
        texts = {text for (text,) in store.con.sql("SELECT text_id FROM staging.texts").fetchall()}
    assert since == {
        "1": date(2025, 6, 2),
        "2": None,
        "complaint/K1": date(2025, 6, 3),
        "survey/S/1/R1/Q2": date(2025, 6, 4),
    }
    assert texts == set(since)
