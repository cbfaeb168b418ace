"""The words that records of KPIs share with frameworks, packs and charts: on which basis, of which status.

Cheap to import: neither Polars nor DuckDB. What a record holds besides is in `transforms/measures/records.py`.
"""

from typing import Literal, get_args

# Which month a case belongs to: that of its receipt (cohort) or of its closing (period); a stock is what is there.
Basis = Literal["cohort", "period", "stock"]
Status = Literal["ok", "low_n", "suppressed", "immature", "no_data", "not_applicable"]
STATUSES: tuple[Status, ...] = get_args(Status)
# Only records of these have a value.
SHOWN: tuple[Status, ...] = ("ok", "low_n")
