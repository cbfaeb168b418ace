"""The questions of docs/questions.md: each query answers on the published file of the simulated insurer, sensibly."""

import re
from collections.abc import Callable

import polars as pl
import pytest
from conftest import ROOT

QUERIES = re.findall(
    r"```sql\n(.*?)```", (ROOT / "docs" / "questions.md").read_text(encoding="utf-8"), re.DOTALL
)
# What a column of that ending can be at all.
RANGES = {"_share": (0, 1), "_count": (0, 1e9), "_days_median": (0, 3650), "wait_seconds_median": (0, 86_400)}


@pytest.mark.parametrize("sql", QUERIES, ids=lambda sql: re.sub(r"\W+", " ", sql)[:60])
def test_the_published_file_answers(sql: str, rows: Callable[[str], pl.DataFrame]) -> None:
    found = rows(sql)
    assert found.height
    numbers = [name for name, dtype in found.schema.items() if dtype.is_numeric()]
    assert not numbers or any(found[name].count() for name in numbers), "no number is known"
    for name in numbers:
        for ending, (low, high) in RANGES.items():
            if name.endswith(ending) and found[name].count():
                assert low <= found[name].min() <= found[name].max() <= high, name  # type: ignore[operator]


def test_there_is_a_query_for_each_stage_of_the_journey() -> None:
    assert len(QUERIES) >= 35
