"""Persons are planted in every place that a delivery has, and nothing that is kept, said or published holds one."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import policypulse
from planted_persons import Planted, delivered, found


@dataclass(frozen=True)
class Told:
    """A project that was run, with what was planted in it and what was said meanwhile."""

    folder: Path
    temporary: Path
    planted: Planted
    spoken: dict[str, str]


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> Told:
    base = tmp_path_factory.mktemp("planted")
    folder, temporary = base / "project", base / "tmp"
    temporary.mkdir()
    planted, refused = delivered(folder)
    spoken: dict[str, str] = {}

    def say(*words: str) -> int:
        done = policypulse(*words, "--project", folder, folder=base, TMPDIR=str(temporary))
        spoken[" ".join(words)] = done.text
        return done.status

    good = (folder / "policypulse.yml").read_bytes()
    for name, content in refused.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1, 1))
    assert say("run") != 0
    say("rejects", "complaints_rejected.csv")
    for name in refused:
        (folder / name).unlink()
    (folder / "policypulse.yml").write_bytes(good)
    assert say("run") == 0, spoken["run"]
    say("rejects", "complaints.csv")
    say("cases", "complaint_on_time_share", "--period", "2025-03")
    return Told(folder, temporary, planted, spoken)


def kept(told: Told) -> Iterator[Path]:
    """All files that the software has written, wherever."""
    for top in (told.folder / "warehouse", told.temporary):
        yield from (path for path in top.rglob("*") if path.is_file() and not path.is_symlink())


def test_no_planted_person_is_kept_said_or_published(told):
    assert len(told.planted.texts) >= 34
    assert found(told.planted, kept(told), told.spoken) == {}
