"""What the KPIs of claims have in common: which claims count, which contradict themselves, where they fall.

No KPI is declared here: they stand in `claims_*.py` by what they tell of.
"""

from typing import Any

import polars as pl

from transforms.facts.claim_clocks import CLOCKS
from transforms.measures.case_measures import Share
from transforms.vocabulary import Basis

# The headline looks at the first handling of a claim; cancelled cases were never claims.
FIRST_HANDLING = (pl.col("spell_no") == 1) & (pl.col("outcome") != "cancelled").fill_null(True)
FAULTY = pl.col("sequence_fault").is_not_null()
PAID = pl.col("outcome").is_in(["paid_full", "paid_part"])
REJECTED = pl.col("outcome") == "rejected"
ENDED = pl.col("ended_on").is_not_null()
DECIDED = pl.col("decided_on").is_not_null()
FIRST_WORDS = "first spells of claims, those cancelled by the insurer left out"
PAID_WORDS = f"{FIRST_WORDS}, paid in full or in part"
NOT_ZERO_WORDS = f"{FIRST_WORDS}, zero closings left out too"
REPORTED_WORDS = "first spells of claims, cancelled ones included"
REOPENED_WORDS = "spells of claims after the first"
FAULTY_WORDS = (
    "spells without a report or reopening, or decided, paid or ended before it, or paid though refused"
)
BACKWARDS_WORDS = f"{FAULTY_WORDS}; claims of which the clock ends before it starts"
MEDIAN = "50 % quantile, Hyndman–Fan type 7"
# In every row of an example: the claim as first handled.
FIRST: dict[str, object] = {"spell_no": "1"}


def of_known(flag: str) -> Share:
    """Claims with a flag among those of which it is known."""
    return Share(of=pl.col(flag), among=pl.col(flag).is_not_null())


def backwards(days: str) -> pl.Expr:
    """Claims at fault, and those of which both ends of a clock are known and not its days, as it runs backwards."""
    _, start, end = CLOCKS[days]
    known = pl.col(start).is_not_null() & pl.col(end).is_not_null()
    return FAULTY | (known & pl.col(days).is_null())


CLAIM: dict[str, Any] = {
    "fact": "core.claims",
    "population": FIRST_HANDLING,
    "counts": FIRST_WORDS,
    "excluded": FAULTY,
    "leaves_out": FAULTY_WORDS,
    "minimum": 30,
}
SHARE: dict[str, Any] = {**CLAIM, "unit": "share"}
BY_DECISION: dict[Basis, str] = {"cohort": "reported_on", "period": "decided_on"}
BY_PAYMENT: dict[Basis, str] = {"cohort": "reported_on", "period": "paid_on"}
BY_END: dict[Basis, str] = {"cohort": "reported_on", "period": "ended_on"}
