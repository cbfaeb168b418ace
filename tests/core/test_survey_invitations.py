"""core.survey_invitations: whom a survey asked, and whether it was too soon to ask again."""

from datetime import date, timedelta

import polars as pl
from survey_frames import (
    TOLD,
)

from transforms.core.survey_invitations import survey_invitations
from transforms.facts.survey_roll_ups import SERVED


def test_an_invitation_soon_after_another_is_marked():
    days = {"first": 0, "soon": 89, "later": 179, "popup": 180}
    rows = [
        {"survey": "s", "wave": "1", "invitation_id": name, "invited_on": date(2025, 1, 1) + timedelta(day),
         "frame": "popup" if name == "popup" else "list", "disposition": "complete", "customer_id": "c"}
        for name, day in days.items()
    ]  # fmt: skip
    segments = dict.fromkeys((*SERVED, "stage"), "unknown")
    ids = dict.fromkeys(("response_id", "policy_id", "claim_id", "complaint_id"))
    found = survey_invitations(
        invitations=pl.LazyFrame([{**segments, **ids, **row} for row in rows]), **TOLD
    ).collect()
    assert dict(found.select("invitation_id", "is_too_soon").iter_rows()) == {
        "first": False, "soon": True, "later": False, "popup": False,
    }  # fmt: skip
