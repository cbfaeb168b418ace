"""Nights that make only what changed end in the tables that a rebuild makes, whatever has happened between them.

`make campaign` tries many long histories and says what happened in each.
"""

from pathlib import Path

import pytest

from tests.orchestration.histories import History

# Whether of all tables or some facts, and how many things happen.
USUAL = [(False, 5, 1), (True, 2, 2)]
LONG = [(seed % 4 == 3, 10, seed) for seed in range(100, 140)]


@pytest.mark.parametrize(
    ("every_table", "steps", "seed"),
    [*USUAL, *(pytest.param(*history, marks=pytest.mark.campaign) for history in LONG)],
)
def test_nights_end_in_what_a_rebuild_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every_table: bool, steps: int, seed: int
) -> None:
    monkeypatch.setattr("orchestration.kpi_records.FEW_ROWS", 0)
    history = History(tmp_path / "insurer", seed, every_table)
    history.live(steps)
    different, compared = history.differences()
    by_what_changed = history.by_what_changed  # the rebuild with which it is compared makes all tables whole
    print(
        f"seed {seed}, {len(compared)} tables, {by_what_changed.total()} times one by what had changed, "
        f"{by_what_changed['kpi.monthly']} times the records: {', '.join(history.done)}"
    )
    assert compared
    assert different == []
