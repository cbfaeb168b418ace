"""Deliveries written straight into raw, rows and books, for tests of what is made of raw.

How files are landed, and what the books then say of them, is tested in tests/warehouse.
"""

from warehouse.store import Store


def deliver(store: Store, feed: str, rows: str, *, load_id: int = 1) -> None:
    """Write the rows of a SELECT as the next content of the feed's one file."""
    (n,) = store.con.execute(
        f"INSERT INTO raw.{feed} BY NAME SELECT *, {load_id} AS _load_id, {load_id} AS _last_load_id,"
        f" row_number() OVER () AS _line FROM ({rows})"
    ).fetchone()
    book = {"id": load_id, "feed": feed}
    store.con.execute(
        "INSERT INTO raw.loads BY NAME SELECT $id AS load_id, $feed AS feed, $feed || '.csv' AS file,"
        " $n AS rows_read, $n AS rows_landed, 0 AS rows_rejected, 0 AS rows_skipped,"
        " 0 AS rows_unchanged, $feed AS source, TRUE AS in_force",
        book | {"n": n},
    )
    store.con.execute(
        "INSERT INTO raw.files BY NAME SELECT $id AS seen, $feed AS feed, $feed AS source, $feed || '.csv' AS file,"
        " 'm' AS mapping, 's' AS sha256, 0 AS mtime_ns, $id AS load_id",
        book,
    )
