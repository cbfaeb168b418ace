"""The words that records of KPIs share with project files, frameworks, packs and charts: basis, status, period.

Cheap to import: neither Polars nor DuckDB. What a record holds besides is in `transforms/measures/records.py`.
"""

from collections.abc import Mapping
from typing import Literal, get_args

# Which month a case belongs to: that of its receipt (cohort) or of its closing (period); a stock is what is there.
Basis = Literal["cohort", "period", "stock"]
Status = Literal["ok", "low_n", "suppressed", "immature", "no_data", "not_applicable"]
STATUSES: tuple[Status, ...] = get_args(Status)
# Units of values; what each means is in `transforms/units.py`.
UnitCode = Literal[
    "share", "probability", "ratio", "per_10k_policies", "per_100m_premium", "per_10k_person_times",
    "per_100_claims", "days", "hours", "minutes", "seconds", "count", "score_0_100", "points", "number",
]  # fmt: skip
# The column of a fact, of whole numbers, that says how many cases alike a row stands for.
CASES = "cases"
# Only records of these have a value.
SHOWN: tuple[Status, ...] = ("ok", "low_n")
# Periods longer than a month. Rolling years overlap twelvefold and cost as much as all the rest: ask for them.
Grain = Literal["quarter", "half_year", "year", "rolling_12"]
# Those of the calendar, by their length in months.
CALENDAR_GRAINS: Mapping[Grain, int] = {"quarter": 3, "half_year": 6, "year": 12}
# Stages of a customer's journey before, during and after the sale, as surveys ask about them: the six touch points.
JOURNEY_STAGES = ("presale", "application", "policy", "claims", "complaint", "care")
