"""All that is done in a block to the databases of a connection, or nothing.

What belongs into one transaction is said by whoever opens it.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block does; take it back if the block or the commit fails, which is then raised."""
    con.execute("BEGIN TRANSACTION")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        # A run with nothing to do imports this module and should not pay for DuckDB.
        import duckdb

        # After some errors DuckDB has rolled back already, and another error would hide the one that counts.
        with suppress(duckdb.Error):
            con.execute("ROLLBACK")
        raise
