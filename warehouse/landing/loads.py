"""What is written down of a file or query answer that landed: one row of raw.loads.

How its rows were counted is in land_arrival.py and comparing.py.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Load:
    """One file or query result that landed, as in raw.loads.

    landed + rejected + skipped + unchanged + forgotten = read.

    A row read is a row of the source; of a wide source it is a filled cell, or a row without any. Landed are
    the rows that the delivery before it did not have: added, or corrections of a record that was known. Rows
    of that delivery which this one lacks are replaced, where it names their record, or taken back.
    """

    load_id: int
    feed: str
    file: str
    sha256: str
    size_bytes: int
    loaded_at: datetime
    rows_read: int
    rows_landed: int
    rows_rejected: int
    rows_skipped: int
    rows_unchanged: int = 0
    rows_added: int = 0
    rows_corrected: int = 0
    rows_replaced: int = 0
    rows_taken_back: int = 0
    rows_forgotten: int = 0
