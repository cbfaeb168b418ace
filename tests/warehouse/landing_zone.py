"""A landing zone in memory and the shortest ways to use it in a test."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from warehouse.landing import Load, land
from warehouse.mapping import FeedSource
from warehouse.pseudonyms import PseudonymKey

KEY = PseudonymKey("k1", bytes(range(32)))


@dataclass
class Zone:
    """A connection with `raw` attached, the folder of the files, and the shortest ways to use both."""

    con: duckdb.DuckDBPyConnection
    folder: Path
    time_zone: str = "Asia/Shanghai"
    key: PseudonymKey | None = KEY
    sources: dict[str, list[FeedSource]] = field(default_factory=dict)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def land(self, mapping: str | None = None) -> list[Load]:
        """Land with this mapping (the `feeds` part of a project file), or with the one before."""
        if mapping is not None:
            feeds = yaml.safe_load(mapping)
            self.sources = {
                feed: [FeedSource.model_validate(source) for source in sources]
                for feed, sources in feeds.items()
            }
        return land(
            self.con, self.sources, folder=self.folder, time_zone=self.time_zone, pseudonym_key=self.key
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()
