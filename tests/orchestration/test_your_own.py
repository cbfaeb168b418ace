"""The page on own tables and checks: what it shows is a project that is in order."""

import re
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from own_project import PROJECT, project

from orchestration.checks import checks
from orchestration.laws import tried
from orchestration.models import models
from orchestration.project_check import problems

# A file's name in a paragraph, and the next block behind it.
SHOWN = re.compile(r"\*\*([\w/]+\.(?:sql|yml|py))\*\*(?:(?!```).)*?\n```\w+\n(.*?)^```$", re.M | re.S)


def test_what_the_page_shows_is_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "your_own.md").read_text(encoding="utf-8")
    shown = dict(SHOWN.findall(page))
    assert list(shown) == [
        "contracts/broker_visits.yml",
        "contracts/severity.yml",
        "models/core/waiting_complaints.sql",
        "models/marts/waiting_by_branch.sql",
        "expectations/core/waiting_complaints.yml",
        "audits/waiting_adds_up.sql",
        "insurer_tables.py",
    ]
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        (tmp_path / "insurer_tables.py").write_text(shown.pop("insurer_tables.py"), encoding="utf-8")
        found = project(tmp_path, {**shown, "policypulse.yml": f"{PROJECT}transforms: insurer_tables\n"})
        assert problems(found) == []
        own = {node.name for node in models(found.own).values() if found.own.has(node.path)}
        assert "severity" in models(found.own)["core.complaints"].columns
        own -= {"staging.broker_visits", "staging.complaints_attributes"}
        assert own == {"core.waiting_complaints", "marts.waiting_by_branch", "core.first_answers"}
        assert sum(found.own.has(check.path) for check in checks(found.own)) == 3 + len(own)
        assert [result.broken for result in tried(found)] == [None]
    finally:
        sys.modules.pop("insurer_tables", None)
