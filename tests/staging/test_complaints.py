"""staging.complaints: which contacts follow a complaint on the same matter that is still open."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from straight_into_raw import deliver

from orchestration.build import Run, open_session
from orchestration.models import models
from transforms.settings import Settings
from warehouse.folder import Folder
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Store

AS_OF = date(2025, 6, 30)
CONTACTS = [
    # id, customer, policy, category, received, closed, follows an open one
    ("A1", "C1", "P1", "claims", "01-05", "01-15", False),
    ("A2", "C1", "P1", "claims", "01-10", "01-12", True),
    ("A3", "C1", "P1", "claims", "01-14", "01-20", True),
    ("A4", "C1", "P1", "claims", "02-20", None, False),
    ("A5", "C1", "P1", "claims", "05-20", None, True),
    ("B1", "C1", "P1", "sales", "01-10", None, False),
    ("B2", "C1", "P2", "claims", "01-10", None, False),
    ("B3", "C2", "P1", "claims", "01-10", None, False),
    ("N1", None, None, "claims", "01-10", None, False),
    ("N2", None, None, "claims", "01-11", None, False),
    ("N3", "C9", "P9", None, "01-10", None, False),
    ("N4", "C9", "P9", None, "01-11", None, False),
]


@pytest.fixture
def staged(tmp_path: Path) -> pl.DataFrame:
    with Store(Folder(tmp_path)) as store:
        create_raw(store.con)
        rows = pl.DataFrame(
            [(*row[:4], *(f"2025-{text}" if text else None for text in row[4:6])) for row in CONTACTS],
            schema=["complaint_id", "customer_id", "policy_id", "category", "received_on", "closed_on"],
            orient="row",
        )
        store.con.register("contacts", rows.to_arrow())
        deliver(
            store,
            "complaints",
            "SELECT * REPLACE (received_on::DATE AS received_on, closed_on::DATE AS closed_on) FROM contacts",
        )
        open_session(store, Run(AS_OF, Settings(), (date(2025, 6, 1),)), models())
        return store.read("staging.complaints")


def test_contacts_on_an_open_matter(staged: pl.DataFrame):
    found = dict(staged.select("complaint_id", "follows_open").rows())
    assert found == {row[0]: row[-1] for row in CONTACTS}
