"""Every KPI of the dictionary is to be seen in the simulated insurer, or its page says why it seldom is.

Those of texts are left out: not to be good enough is an outcome of theirs as well.
"""

from collections.abc import Callable

import polars as pl
import pytest
from conftest import policypulse, published

from transforms.kpi import texts
from transforms.kpi.registry import registry

Rows = Callable[[str], pl.DataFrame]
CODES = {kpi.code for kpi in registry()} - {kpi.code for kpi in texts.KPIS}
SELDOM = {kpi.code for kpi in registry() if kpi.seldom}
OK = "SELECT DISTINCT kpi FROM kpi.monthly WHERE {0} UNION SELECT DISTINCT kpi FROM kpi.periodic WHERE {0}"


def told(rows: Rows, condition: str) -> set[str]:
    return set(rows(OK.format(condition))["kpi"])


def test_every_kpi_has_a_value_in_a_small_insurer_or_says_why_not(rows: Rows) -> None:
    """Of so few customers some are low_n; what is seldom ok is not."""
    assert CODES - told(rows, "value IS NOT NULL") <= SELDOM
    assert told(rows, "status = 'ok'") & SELDOM == set()


def test_the_reason_stands_in_the_catalogue(rows: Rows) -> None:
    said = dict(rows("SELECT kpi, seldom FROM catalog.kpis WHERE seldom <> ''").iter_rows())
    assert said == {kpi.code: kpi.seldom for kpi in registry() if kpi.seldom}


@pytest.mark.campaign
def test_every_kpi_is_ok_somewhere_in_the_demo_or_says_why_not(tmp_path) -> None:
    """In its own size: 20,000 policies over 24 months."""
    for command in (("simulate", "--out"), ("run", "--project")):
        done = policypulse(*command, tmp_path / "demo")
        assert done.status == 0, done.text
    found = told(lambda sql: published(tmp_path / "demo", sql), "status = 'ok'")
    assert CODES - found == SELDOM
