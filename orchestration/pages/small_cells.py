"""Which figures of segments may be shown, as SQL: small cells are not, nor one from which a single small one follows.

Where just one cell of a total is small, it is the total less the others; so the smallest of the others is left out as
well. Scores have no cells: the index takes only figures with enough cases.
"""

from collections.abc import Sequence


def shown_records(where: str) -> str:
    """The records of `kpi.monthly` for which `where` holds, all segments of a cut or none, with `is_shown`."""
    return f"""
        SELECT kpi, basis, cut, segment, period, n, n_excluded, n_undetermined, status,
            coalesce(n >= {{fewest}} AND NOT (small_count = 1 AND place = 1), false) AS is_shown
        FROM (
            SELECT *,
                count(*) FILTER (n > 0 AND n < {{fewest}}) OVER (PARTITION BY kpi, basis, cut, period) AS small_count,
                row_number() OVER (PARTITION BY kpi, basis, cut, period, n >= {{fewest}} ORDER BY n, segment) AS place
            FROM kpi.monthly WHERE {where}
        )
    """


def shown_counts(rows: str, count: str, hidden: Sequence[str], *, key: str, within: str = "") -> str:
    """The rows of a query with the columns `hidden` emptied where the cell may not be shown.

    `count` is the column with the cases of a cell, `key` the column that tells the cells of a total apart, `within` the
    columns that tell totals apart.
    """
    partition = f"PARTITION BY {within}" if within else ""
    by_size = ", ".join(filter(None, [within, f"{count} >= {{fewest}}"]))
    replaced = ", ".join(
        f"CASE WHEN {count} >= {{fewest}} AND NOT (small_count = 1 AND place = 1) THEN {column} END AS {column}"
        for column in hidden
    )
    return f"""
        SELECT * EXCLUDE (small_count, place) REPLACE ({replaced})
        FROM (
            SELECT *, count(*) FILTER ({count} > 0 AND {count} < {{fewest}}) OVER ({partition}) AS small_count,
                row_number() OVER (PARTITION BY {by_size} ORDER BY {count}, {key}) AS place
            FROM ({rows})
        )
    """
