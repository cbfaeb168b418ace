"""core.audits: findings of audits, each a case held to one standard."""

from datetime import date

import polars as pl

from tests.kpi.books import frame, record
from transforms.core.audits import audits
from transforms.model import SEGMENT_COLUMNS
from transforms.settings import Settings

AS_OF = date(2025, 3, 31)
TEXTS = ("audit_id", "kind", "standard", "subject", "severity", "service_channel")
IDS = ("customer_id", "policy_id", "claim_id", "complaint_id")
STAGED = {
    **dict.fromkeys((*TEXTS, *IDS, *SEGMENT_COLUMNS), pl.String),
    "audited_on": pl.Date,
    "passed": pl.Boolean,
}


def made(*rows: dict) -> pl.DataFrame:
    usual = {"kind": "claim_file", "audited_on": date(2025, 3, 14)}
    staged = frame(STAGED, [{"audit_id": f"A{i}", **usual, **row} for i, row in enumerate(rows)])
    return audits(audits=staged, as_of=AS_OF, settings=Settings()).collect().sort("audit_id")


def test_findings_after_the_as_of_day_are_not_known():
    assert made({"audited_on": AS_OF}, {"audited_on": date(2025, 4, 1)})["audit_id"].to_list() == ["A0"]


def test_what_meets_its_standard_has_no_severity():
    found = made({"passed": True, "severity": "major"}, {"passed": False, "severity": "major"})
    assert found["severity"].to_list() == [None, "major"]


def test_kinds_are_shares_of_their_own_and_undecided_findings_are_in_none():
    facts = {
        "core.audits": made(
            {"passed": True},
            {"passed": False},
            {"passed": None},
            {"passed": True, "kind": "sale_recording"},
            {"passed": True, "kind": "mystery_shopping"},
        ).lazy()
    }
    shares = {
        code: record(code, facts, date(2025, 3, 1), AS_OF, basis="period")
        for code in ("audit_passed_share", "claim_audit_error_share", "recording_defect_share")
    }
    counted = {code: (found["numerator"], found["denominator"]) for code, found in shares.items()}
    assert counted == {
        "audit_passed_share": (3, 4),
        "claim_audit_error_share": (1, 2),
        "recording_defect_share": (0, 1),
    }
