"""staging.contacts: who is 60 or older, by what is known of the contact, the insured or the policy."""

from datetime import date
from pathlib import Path

import polars as pl
from straight_into_raw import deliver

from orchestration.build import Run, open_session
from orchestration.models import models
from transforms.settings import Settings
from warehouse.folder import Folder
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Store

# Band of the contact, year of birth of the insured, band of the policy; whether 60 or older in May 2025.
KNOWN = [
    ("60+", None, None, True),
    ("65-69", 1990, None, True),
    ("45-59", 1950, "60+", False),
    ("under 30", 1950, None, False),
    (None, 1965, "45-59", True),
    (None, 1966, "60+", False),
    (None, None, "60+", True),
    (None, None, "30-44", False),
    ("senior", None, None, None),
    (None, None, None, None),
]


def test_age_is_the_nearest_known(tmp_path: Path):
    with Store(Folder(tmp_path)) as store:
        create_raw(store.con)
        rows = pl.DataFrame(
            KNOWN, schema=["own", "born", "of_policy", "is_elder"], orient="row"
        ).with_row_index("place")
        store.con.register("known_of", rows.to_arrow())
        deliver(
            store,
            "policies",
            "SELECT 'P' || place AS policy_id, DATE '2015-03-01' AS issued_on, of_policy AS age_band, "
            "make_date(born, 7, 1) AS birth_on FROM known_of",
        )
        deliver(
            store,
            "contacts",
            "SELECT 'N' || place AS contact_id, 'P' || place AS policy_id, own AS age_band, 'call' AS medium, "
            "TIMESTAMPTZ '2025-05-05 03:00:00+00' AS offered_at FROM known_of",
            load_id=2,
        )
        open_session(store, Run(date(2025, 6, 30), Settings(), (date(2025, 6, 1),)), models())
        found = dict(store.read("staging.contacts").select("contact_id", "is_elder").rows())
    assert found == {f"N{place}": known for place, (*_, known) in enumerate(KNOWN)}
