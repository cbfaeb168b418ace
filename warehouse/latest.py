"""The latest version of each record that was known on the as-of date, as one view a feed.

Staging models read `latest.<feed>`; which columns make a key and which record is later is said here once.
"""

from collections.abc import Sequence


def known_sql(feed: str) -> str:
    """SELECT of every version of every record of `raw.<feed>` that was known on the as-of day."""
    return f"""
SELECT * FROM raw.{feed}
WHERE recorded_at IS NULL OR recorded_at < (SELECT ends_at FROM staging.as_of)
"""


def latest_sql(feed: str, key: Sequence[str]) -> str:
    """SELECT of the latest known version of every record of `raw.<feed>`.

    A later `recorded_at` corrects an earlier one, then a later load, then a later line. Only keys that
    repeat are sorted: sorting everything costs half as much again.
    """
    columns = ", ".join(f'"{column}"' for column in key)
    return f"""
WITH known AS (
    {known_sql(feed)}
),
repeated AS (
    SELECT {columns} FROM known GROUP BY ALL HAVING count(*) > 1
)
SELECT * FROM known ANTI JOIN repeated USING ({columns})
UNION ALL
SELECT * FROM known SEMI JOIN repeated USING ({columns})
QUALIFY row_number() OVER (
    PARTITION BY {columns} ORDER BY recorded_at DESC NULLS LAST, _load_id DESC, _line DESC
) = 1
"""
