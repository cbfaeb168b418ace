"""The tables of KPIs over two months of complaints: what a run makes of the worked example in `complaints.py`."""

from datetime import date

import polars as pl

from tests.kpi.example_records import SCHEMAS
from transforms.framework import Framework
from transforms.kpi.complaints import TWO_MONTHS
from transforms.kpi.every_period import READS, every_period
from transforms.measures.example_record import facts_of
from transforms.model import Transform
from transforms.periods import long_periods, months_until
from transforms.settings import Settings

AS_OF = date(2025, 3, 31)
MONTHS = months_until(AS_OF, 3)
KEYS = ["kpi", "basis", "period"]
# Nothing is asked of the feeds here but complaints, as far as they are recorded.
ITEMS = ("complaint_id", "received_on", "closed_on", "outcome", "merged_into", "follows_open")


def _shared(settings: Settings) -> pl.LazyFrame:
    facts = facts_of("core.complaints", TWO_MONTHS(value=0), SCHEMAS)
    recorded = pl.LazyFrame(
        {
            "item": [f"complaints.{name}" for name in ITEMS],
            "is_mapped": True,
            "recorded_from": date(2024, 1, 1),
        },
    )
    return every_period(
        recorded=recorded,
        key_matches=pl.LazyFrame(schema=SCHEMAS["core.key_matches"]),
        indicator_values=pl.LazyFrame(schema=SCHEMAS["core.indicator_values"]),
        org_units=pl.LazyFrame(schema=SCHEMAS["core.org_units"]),
        as_of=AS_OF,
        settings=settings,
        **{name: facts[table] for name, table in READS.items()},
    )


def company(table: Transform, *frameworks: Framework) -> pl.DataFrame:
    """The rows of a table of KPIs about the company, as of the end of March 2025."""
    settings = Settings(cuts=("company",), months=3, frameworks=frameworks)
    periods = {
        "staging.periods": pl.LazyFrame({"period": MONTHS}),
        "staging.long_periods": long_periods(MONTHS, settings.grains).lazy(),
    }
    asked = {name: periods[frame] for name, frame in table.broadcast.items()}
    return table(shared=_shared(settings), as_of=AS_OF, settings=settings, **asked).sort(KEYS).collect()
