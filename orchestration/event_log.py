"""Dagster's event log in SQLite, with its database connections kept open between events.

Dagster opens, syncs and closes a database for every event, which costs one of our runs ten CPU-seconds; what an
event is and where it is stored stays Dagster's own affair. What is left out of a failed run's is `told_once.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import EventLogEntry
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from orchestration.told_once import told_once

SHARDS_KEPT = 4


class KeptEventLogStorage(SqliteEventLogStorage):
    """SqliteEventLogStorage that keeps the connections of the databases used last.

    A power cut may lose the last events, which tell of a run; what was published is not in them.
    """

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "KeptEventLogStorage":
        """The storage that `dagster.yaml` asks for."""
        return cls(inst_data=inst_data, **config_value)

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engines.pop(shard, None) or self._kept_engine(shard)
            self._engines[shard] = engine
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection
            while len(self._engines) > SHARDS_KEPT:
                self._engines.pop(next(iter(self._engines))).dispose()

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event, without what another event of the run says."""
        super().store_event(told_once(event))

    def _kept_engine(self, shard: str) -> Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=StaticPool,
            connect_args={"timeout": 60, "check_same_thread": False},
        )

        @event.listens_for(engine, "connect")
        def settle(connection, _) -> None:  # type: ignore[no-untyped-def]
            connection.execute("PRAGMA synchronous=OFF")

        return engine

    def delete_events(self, run_id: str) -> None:
        """Delete what happened in a run, and the file that it was in."""
        super().delete_events(run_id)
        with self._db_lock:
            if engine := self._engines.pop(run_id, None):
                engine.dispose()
            self._initialized_dbs.discard(run_id)
            Path(self.path_for_shard(run_id)).unlink(missing_ok=True)

    def dispose(self) -> None:
        """Close what is open."""
        for engine in self._engines.values():
            engine.dispose()
        super().dispose()
