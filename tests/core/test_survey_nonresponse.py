"""core.survey_nonresponse: how those who answered had fared beside those who kept silent."""

from datetime import date

import polars as pl
import pytest
from survey_frames import (
    TOLD,
    table,
)

from transforms.core.survey_invitations import survey_invitations
from transforms.core.survey_nonresponse import survey_nonresponse
from transforms.core.survey_responses import survey_responses


def test_who_kept_silent_had_waited_longer():
    """Six decided claims, three of them answered for, four invited; of complaints nobody was asked."""
    days, outcomes = (2.0, 4.0, 6.0, 20.0, 10.0, 30.0), ("paid_full", "paid_full", "rejected") * 2
    frames = {
        "claims": pl.LazyFrame(
            {
                "claim_id": list("abcdef"),
                "spell_no": [1] * 6,
                "cases": [1] * 6,
                "decided_on": [date(2025, 5, 1 + i) for i in range(6)],
                "sequence_fault": pl.Series([None] * 6, dtype=pl.String),
                "report_to_decision_days": days,
                "outcome": outcomes,
            }
        ),
        "complaints": pl.LazyFrame(
            {
                "complaint_id": list("uvwx"),
                "is_merged": [False, False, False, True],
                "cases": [1] * 4,
                "closed_on": [date(2025, 5, 3)] * 4,
                "sequence_fault": pl.Series([None] * 4, dtype=pl.String),
                "received_to_closed_days": pl.Series([5, 15, 25, 99], dtype=pl.Int32),
                "outcome": ["upheld", "not_upheld", "not_upheld", "upheld"],
            }
        ),
        "responses": table([{"response_id": c, "claim_id": c} for c in "abc"], survey_responses.schema),
        "invitations": pl.LazyFrame(
            [{"claim_id": c, "is_eligible": True} for c in "abcd"], schema=survey_invitations.schema
        ),
    }
    everybody, invited = survey_nonresponse(**frames, **TOLD).collect().sort("among").iter_rows(named=True)
    assert (everybody["n_respondents"], everybody["n_others"]) == (3, 3)
    assert everybody["days_mean_difference"] == pytest.approx(-16.0)
    assert everybody["rejected_share_difference"] == pytest.approx(0.0)
    assert (invited["n_respondents"], invited["n_others"]) == (3, 1)
    assert invited["days_mean_difference"] == pytest.approx(-16.0)
    assert invited["rejected_share_difference"] == pytest.approx(1 / 3)
    complained = table([{"response_id": "r", "complaint_id": "u"}], survey_responses.schema)
    (row,) = survey_nonresponse(**{**frames, "responses": complained}, **TOLD).collect().iter_rows(named=True)
    assert (row["event"], row["among"], row["n_others"]) == ("complaints", "everybody", 2)
    assert row["days_mean_difference"] == pytest.approx(-15.0)
    assert row["rejected_share_others"] == 1.0
