"""What may be published: everything blocking has passed since it was made, and a fingerprint stands for all of it."""

from pathlib import Path

import pytest

from expectations.suites import Check
from orchestration.publication_rules import published_fingerprint, reasons_not_to_publish


def check(table: str, name: str, severity: str = "critical") -> Check:
    return Check(
        table=table, name=name, type="unexpected_rows_expectation", severity=severity, description="Said.",
        path=Path("suite.yml"),
    )  # fmt: skip


CHECKS = (
    check("core.claims", "grain_unique"),
    check("core.claims", "filled"),
    check("core.claims", "usual", "warning"),
    check("marts.scorecard", "grain_unique"),
)
PASSED = {(c.table, c.name): True for c in CHECKS}


@pytest.mark.parametrize(
    ("outcomes", "reasons"),
    [
        (PASSED, []),
        (PASSED | {("core.claims", "usual"): False}, []),
        (PASSED | {("core.claims", "filled"): False}, ["core.claims filled failed"]),
        ({}, ["core.claims has to be made", "marts.scorecard has to be made"]),
        (
            {("core.claims", "grain_unique"): False, ("core.claims", "filled"): True},
            ["core.claims grain_unique failed", "marts.scorecard has to be made"],
        ),
    ],
    ids=["all passed", "a warning", "a failure", "nothing checked", "a failure and a table not checked"],
)
def test_only_what_is_checked_and_passes_is_published(outcomes, reasons):
    found = list(reasons_not_to_publish(CHECKS, {"core.claims", "marts.scorecard"}, outcomes))
    assert len(found) == len(reasons)
    assert all(said.startswith(reason) for said, reason in zip(found, reasons, strict=True))


def test_tables_that_are_not_there_ask_for_no_check():
    assert not list(reasons_not_to_publish(CHECKS, set(), {}))
    (one,) = reasons_not_to_publish(CHECKS, {"marts.scorecard"}, {})
    assert one.startswith("marts.scorecard")


@pytest.mark.parametrize(
    ("last", "made_whole", "files_wait", "expected"),
    [
        ("", True, False, "now"),
        ("before", True, False, "now"),
        ("now", False, False, "now"),
        ("before", False, False, ""),
        ("now", True, True, ""),
    ],
    ids=["first", "all made", "some made, the rest already stands for it", "a mixture", "files wait"],
)
def test_a_version_bears_the_fingerprint_only_of_what_all_of_it_stands_for(
    last, made_whole, files_wait, expected
):
    assert published_fingerprint("now", last, made_whole=made_whole, files_wait=files_wait) == expected
