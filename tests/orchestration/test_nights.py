"""Nights that make only what changed end in the tables that a rebuild makes, whatever has happened between them.

`make campaign` tries many long histories and says what happened in each.
"""

from pathlib import Path

import pytest

from tests.orchestration.histories import History

# Whether of facts alone, and how many things happen.
USUAL = [(True, 5, 1), (False, 3, 2)]
LONG = [(seed % 4 != 0, 12, seed) for seed in range(100, 140)]


@pytest.mark.parametrize(
    ("only_core", "steps", "seed"),
    [*USUAL, *(pytest.param(*history, marks=pytest.mark.campaign) for history in LONG)],
)
def test_nights_end_in_what_a_rebuild_makes(tmp_path: Path, only_core: bool, steps: int, seed: int) -> None:
    history = History(tmp_path / "insurer", seed, only_core)
    history.live(steps)
    print(f"seed {seed}: {', '.join(history.done)}")
    assert history.differences() == []
