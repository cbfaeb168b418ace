"""The landing zone that the tests of the landing start from."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from landing_zone import Zone


@pytest.fixture
def zone(tmp_path: Path) -> Iterator[Zone]:
    """An empty landing zone in memory; its files lie in a folder of their own."""
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS raw")
        # No result may depend on where the machine stands.
        con.execute("SET TimeZone = 'America/New_York'")
        yield Zone(con, tmp_path)
