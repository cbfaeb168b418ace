"""staging.org_units: the province and city that a unit is or belongs to."""

from datetime import date
from pathlib import Path

from straight_into_raw import deliver

from orchestration.build import Run, open_session
from orchestration.models import models
from transforms.settings import Settings
from warehouse.folder import Folder
from warehouse.landing.raw_tables import create_raw
from warehouse.store import Store

UNITS = """
    SELECT * FROM (VALUES
        ('HO', NULL, 'head_office'), ('P1', 'HO', 'province'), ('C1', 'P1', 'city'), ('K1', 'C1', 'county'),
        ('K2', 'P1', 'county'), ('lost', 'nobody', 'city'), ('odd', NULL, NULL)
    ) AS units(org_unit, parent, tier)
"""


def test_units_are_placed_in_the_tree(tmp_path: Path) -> None:
    """A county that belongs to a province directly has no city; head office is in no province."""
    with Store(Folder(tmp_path)) as store:
        create_raw(store.con)
        deliver(store, "org_units", UNITS)
        open_session(store, Run(date(2025, 6, 30), Settings(), (date(2025, 6, 1),)), models())
        found = store.con.sql("SELECT org_unit, province, city FROM staging.org_units").fetchall()
    assert {unit: tuple(above) for unit, *above in found} == {
        "HO": (None, None),
        "P1": ("P1", None),
        "C1": ("P1", "C1"),
        "K1": ("P1", "C1"),
        "K2": ("P1", None),
        "lost": (None, "lost"),
        "odd": (None, None),
    }
