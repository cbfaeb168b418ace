"""Dagster's event log in SQLite, with its database connections kept open between events.

Dagster opens, syncs and closes a database for every event, which costs one of our runs ten CPU-seconds; what an
event is and where it is stored stays Dagster's own affair. What is left out of a failed run's is `told_once.py`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from dagster import EventLogEntry
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import StaticPool

from orchestration.told_once import told_once

SHARDS_KEPT = 4


class KeptEventLogStorage(SqliteEventLogStorage):
    """SqliteEventLogStorage that keeps the connections of the databases used last, and what it knows of the schema.

    A power cut may lose the last events, which tell of a run; what was published is not in them.
    """

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "KeptEventLogStorage":
        """The storage that `dagster.yaml` asks for."""
        return cls(inst_data=inst_data, **config_value)

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._connections: dict[str, Connection] = {}
        self._there: set[str] = set()  # tables and columns, which do not go while the process is there
        super().__init__(base_dir, inst_data)
        self._db_lock = RLock()  # type: ignore[assignment]  # a transaction may be joined from within

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            connection = self._connections.pop(shard, None) or self._connection(shard)
            self._connections[shard] = connection
            if connection.in_transaction():
                yield connection
                return
            with connection.begin():
                yield connection
            while len(self._connections) > SHARDS_KEPT:
                _close(self._connections.pop(next(iter(self._connections))))

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event, without what another event of the run says."""
        super().store_event(told_once(event))

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store the events of one run in one transaction."""
        with self._connect(INDEX_SHARD_NAME), self._connect(events[0].run_id):
            super().store_event_batch(events)

    def has_table(self, table_name: str) -> bool:
        """Whether the database of all runs has a table."""
        return self._is_there(table_name, lambda: super(KeptEventLogStorage, self).has_table(table_name))

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        found = super()._has_asset_key_col_on_connection
        return self._is_there(f"asset_keys.{column_name}", lambda: found(conn, column_name))

    def _is_there(self, name: str, look: Any) -> bool:
        if name not in self._there and look():
            self._there.add(name)
        return name in self._there

    def _connection(self, shard: str) -> Connection:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=StaticPool,
            connect_args={"timeout": 60, "check_same_thread": False},
        )

        @event.listens_for(engine, "connect")
        def settle(connection, _) -> None:  # type: ignore[no-untyped-def]
            connection.execute("PRAGMA synchronous=OFF")

        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        return engine.connect()

    def delete_events(self, run_id: str) -> None:
        """Delete what happened in a run, and the file that it was in."""
        super().delete_events(run_id)
        with self._db_lock:
            if connection := self._connections.pop(run_id, None):
                _close(connection)
            self._initialized_dbs.discard(run_id)
            Path(self.path_for_shard(run_id)).unlink(missing_ok=True)

    def dispose(self) -> None:
        """Close what is open."""
        for connection in self._connections.values():
            _close(connection)
        super().dispose()


def _close(connection: Connection) -> None:
    connection.close()
    connection.engine.dispose()
