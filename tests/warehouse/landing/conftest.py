"""A landing zone in memory and the shortest ways to use it, for the tests of the landing."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from warehouse.contract import contracts
from warehouse.landing.arrivals import new_arrivals
from warehouse.landing.errors import LandingError
from warehouse.landing.land import land
from warehouse.landing.loads import Load
from warehouse.landing.mapping import FeedSource
from warehouse.landing.pseudonyms import PseudonymKey

KEY = PseudonymKey("k1", bytes(range(32)))


@dataclass
class Zone:
    """A connection with `raw` attached, the folder of the files, and the shortest ways to use both."""

    con: duckdb.DuckDBPyConnection
    folder: Path
    time_zone: str = "Asia/Shanghai"
    key: PseudonymKey | None = KEY
    sources: dict[str, list[FeedSource]] = field(default_factory=dict)
    settle_seconds: float = 0
    noticed: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    """What was said of files in the last landing."""

    def write(self, name: str, content: str | bytes, *, age_days: float = 0) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        changed = path.stat().st_mtime - 86_400 * age_days
        os.utime(path, (changed, changed))
        return path

    def land(self, mapping: str | None = None, accepted: Iterable[str] = ()) -> list[Load]:
        """Land with this mapping (the `feeds` part of a project file), or with the one before."""
        if mapping is not None:
            feeds = yaml.safe_load(mapping)
            self.sources = {
                feed: [FeedSource.model_validate(source) for source in sources]
                for feed, sources in feeds.items()
            }
        self.noticed, self.waiting = [], []
        return land(
            self.con,
            self.sources,
            folder=self.folder,
            time_zone=self.time_zone,
            pseudonym_key=self.key,
            on_notice=lambda feed, text: self.noticed.append(f"{feed}: {text}"),
            on_waiting=lambda feed, text: self.waiting.append(f"{feed}: {text}"),
            settle_seconds=self.settle_seconds,
            accepted=accepted,
        )

    def problem(self, mapping: str) -> str:
        """The only problem that landing with this mapping raises."""
        with pytest.raises(LandingError) as raised:
            self.land(mapping)
        (told,) = raised.value.problems
        return told

    def pending(self) -> list[str]:
        """Names of the files that are new."""
        found = new_arrivals(
            self.con, self.sources, contracts(), folder=self.folder, time_zone=self.time_zone
        )
        return [arrival.file for arrival in found]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[Zone]:
    """An empty landing zone; its files lie in a folder of their own."""
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS raw")
        # No result may depend on where the machine stands.
        con.execute("SET TimeZone = 'America/New_York'")
        yield Zone(con, tmp_path)
