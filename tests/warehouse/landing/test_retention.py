"""What is kept for a time only: texts of rejects by days, rows of a feed by months, and that both are accounted for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from warehouse.landing.retention import expire
from warehouse.privacy_settings import Retention

if TYPE_CHECKING:
    from tests.warehouse.landing.conftest import Zone

FEEDS = """
complaints:
  - {files: "c*.csv", max_reject_share: 1, delivery: append, columns: {complaint_id: ID, received_on: DAY}}
"""


def test_rejects_lose_their_values_and_rows_go_with_the_last_delivery_that_had_them(zone: Zone) -> None:
    zone.write("c1.csv", "ID,DAY\n1,2025-01-05\n2,never\n")
    zone.land(FEEDS)
    zone.write("c2.csv", "ID,DAY\n3,2025-01-06\n")
    zone.land()
    zone.con.execute("UPDATE raw.loads SET loaded_at = loaded_at - INTERVAL 100 DAY WHERE file = 'c1.csv'")
    kept = Retention(rejects_days=120, months_of={"complaints": 4, "unknown": 1})
    now = datetime.now(UTC)
    assert list(expire(zone.con, kept, now)) == []
    assert zone.rows("SELECT count(*) FROM raw.rejects WHERE raw IS NULL") == [(0,)]
    (told,) = expire(zone.con, kept, now + timedelta(days=30))
    assert told[0] == "complaints" and told[1].startswith("1 rows that no delivery has had for 4 months")
    assert zone.rows("SELECT complaint_id FROM raw.complaints") == [("3",)]
    assert zone.rows("SELECT reason, raw FROM raw.rejects") == [("not a date (YYYY-MM-DD): 'never'", None)]
    assert zone.rows("SELECT rows_read, rows_landed, rows_rejected, rows_forgotten FROM raw.loads ORDER BY 1 DESC") == [
        (2, 0, 1, 1), (1, 1, 0, 0)
    ]  # fmt: skip
    assert list(expire(zone.con, kept, now + timedelta(days=30))) == []
