"""Which complaints count, in the words of rules and of the dictionary; their KPIs are in the files beside this.

How a complaint's limit, repeats and merged contacts are told is in `transforms/core`.
"""

from functools import partial
from typing import Any

import polars as pl

from transforms.measures.example import Example, Row, rows

# A repeated contact on an open complaint is merged into it and is no case of its own.
OWN_CASE = ~pl.col("is_merged")
FAULTY = pl.col("sequence_fault").is_not_null()
NOT_WITHDRAWN = pl.col("withdrawn_on").is_null()
DECIDED = pl.col("outcome").is_in(["upheld", "partly_upheld", "not_upheld"])
CONFIRMED = pl.col("outcome").is_in(["upheld", "partly_upheld"])

OWN_WORDS = "complaints, merged contacts left out"
FAULTY_WORDS = "closed, answered, accepted, reopened or escalated before received"
ORDER_2020 = "CBIRC order 2020 no. 3 (a third-party copy)"

CASES: dict[str, Any] = {"fact": "core.complaints", "population": OWN_CASE, "counts": OWN_WORDS}
TIMED: dict[str, Any] = {
    **CASES,
    "excluded": FAULTY,
    "leaves_out": FAULTY_WORDS,
    "dates": {"cohort": "received_on", "period": "closed_on"},
    "minimum": 20,
}

# What every row of an example has: nobody complained twice while the first was open.
ALONE: Row = {"is_merged": "no"}
TWO_MONTHS = partial(
    Example,
    given="100 received in January, 60 closed in January, 30 in February; 80 in February, 55 closed in it",
    every=ALONE,
    rows=rows("""
        cases  received_on  closed_on   decided_on
           60  2025-01-06   2025-01-20  2025-01-20
           30  2025-01-20   2025-02-10  2025-02-10
           10  2025-01-20   -           -
           55  2025-02-06   2025-02-20  2025-02-20
           25  2025-02-20   -           -
    """),
    as_of="2025-02-28",
)
