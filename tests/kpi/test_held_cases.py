"""A share of what was there when the period began counts only what was, so that a growing book is never above 1."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.kpi.registry import registry
from transforms.measures.cases import kpi_cases
from transforms.measures.records import kpi_records
from transforms.model import SEGMENT_COLUMNS
from transforms.periods import long_periods, month_periods, months_until
from transforms.settings import Settings

KPIS = {kpi.code: kpi for kpi in registry()}
AS_OF = date(2025, 4, 30)
MONTHS = months_until(AS_OF, 16)
days = st.integers(0, 480).map(lambda n: date(2024, 1, 5) + timedelta(days=n))
Policy = tuple[date, date | None]


def book(policies: list[Policy]) -> dict[str, pl.LazyFrame]:
    """core.policies of (day of issue, day of surrender)."""
    rows = pl.LazyFrame(
        {"issued_on": [p[0] for p in policies], "surrendered_on": [p[1] for p in policies]},
        schema={"issued_on": pl.Date, "surrendered_on": pl.Date},
    )
    return {
        "core.policies": rows.with_columns(
            ended_on="surrendered_on",
            end_event=pl.when(pl.col("surrendered_on").is_not_null()).then(pl.lit("surrender")),
            sum_assured=pl.lit(2.5),
            sequence_fault=pl.lit(None, dtype=pl.String),
            **{name: pl.lit("all") for name in SEGMENT_COLUMNS},
        )
    }


def records(code: str, policies: list[Policy], periods: pl.DataFrame) -> pl.DataFrame:
    rules = Settings(cuts=("company",))
    return kpi_records(book(policies), [KPIS[code]], periods, as_of=AS_OF, settings=rules)


@settings(max_examples=40)
@given(st.lists(st.tuples(days, st.none() | days), min_size=1, max_size=25))
def test_surrenders_count_where_their_policies_were_in_force_at_the_start(drawn: list[Policy]):
    policies = [(issued, gone if gone and issued <= gone <= AS_OF else None) for issued, gone in drawn]
    if not any(gone for _, gone in policies):
        return
    periods = long_periods(MONTHS, ("quarter", "half_year", "year", "rolling_12"))
    found = records("surrender_policy_share", policies, periods)
    amounts = records("surrender_sum_assured_share", policies, periods)
    assert len(found) == len(amounts) == len(periods)
    for row, amount in zip(found.rows(named=True), amounts.rows(named=True), strict=True):
        first, last = row["period"], row["ends_on"]
        gone = [issued for issued, day in policies if day and first <= day <= last]
        held = sum(issued < first for issued in gone)
        at_start = sum(issued < first and (day is None or day >= first) for issued, day in policies)
        assert (row["numerator"], row["denominator"]) == (held, at_start)
        assert row["n_excluded"] == amount["n_excluded"] == len(gone) - held
        assert (amount["numerator"], amount["denominator"]) == (2.5 * held, 2.5 * at_start)
        expected = "immature" if last > AS_OF else "low_n" if at_start else "no_data"
        assert row["status"] == expected


def test_the_cases_of_a_month_are_those_of_its_record():
    policies = [(date(2024, 12, 20), date(2025, 3, 5)), (date(2025, 3, 1), date(2025, 3, 9)), (AS_OF, None)]
    (kpi, month) = KPIS["surrender_policy_share"], date(2025, 3, 1)
    (record,) = records(kpi.code, policies, month_periods([month])).rows(named=True)
    listed = kpi_cases(book(policies)["core.policies"], kpi, "period", AS_OF).collect()
    assert listed["case_numerator"].sum() == record["numerator"] == record["n_excluded"] == 1
