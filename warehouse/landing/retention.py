"""How long the landing zone keeps what it has: texts of rejected rows by days, rows of a feed by months.

What is taken out is counted like what is forgotten, so that the books still account for every row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.landing.forgotten import deleted_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import duckdb

    from warehouse.privacy_settings import Retention


def expire(con: duckdb.DuckDBPyConnection, retention: Retention, now: datetime) -> Iterator[tuple[str, str]]:
    """Take out of raw what is kept no longer; yields feed and sentence of each feed of which rows went.

    `con` has the landing zone attached, writable, and no open transaction. Feeds without a table are passed over.
    """
    con.execute(
        "UPDATE raw.rejects SET raw = NULL WHERE raw IS NOT NULL AND _load_id IN"
        " (SELECT load_id FROM raw.loads WHERE loaded_at < ?::TIMESTAMPTZ - to_days(?))",
        [now, retention.rejects_days],
    )
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'raw'").fetchall()
    there = {name for (name,) in tables}
    for feed, months in sorted(retention.months_of.items()):
        if feed not in there:
            continue
        old = con.execute(
            "SELECT load_id FROM raw.loads WHERE feed = ? AND loaded_at < ?::TIMESTAMPTZ - to_months(?)",
            [feed, now, months],
        ).fetchall()
        if not old:
            continue
        loads = ", ".join(str(load_id) for (load_id,) in old)
        if rows := deleted_rows(con, f"raw.{feed}", f"_last_load_id IN ({loads})", "rows_landed"):
            yield (
                feed,
                f"{rows:,} rows that no delivery has had for {months} months are taken out (retention.months_of)",
            )
