"""Instalments belong to the anniversary nearest to their due day, whatever day a system bills on."""

from datetime import date, timedelta

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.test_persistency import events, policies, unbilled
from transforms.core.persistency import persistency
from transforms.graph import ROOM
from transforms.settings import Settings
from transforms.sql_model import read_model

MONTHS_APART = {"annual": 12, "half_yearly": 6, "quarterly": 3, "monthly": 1}
Instalments = list[tuple[int, date]]


def found(issued_on: date, pay_mode: str | None, due: Instalments) -> pl.DataFrame:
    """staging.premiums of one policy; instalments are their number and due day, paid on it."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA latest")
        policy = "SELECT 'P' AS policy_id, ?::DATE AS issued_on, ?::VARCHAR AS pay_mode"
        con.execute(f"CREATE TABLE latest.policies AS {policy}", [issued_on, pay_mode])
        columns = "instalment_no BIGINT, due_on DATE, due_amount DOUBLE, paid_on DATE, paid_amount DOUBLE"
        con.execute(f"CREATE TABLE latest.premiums (policy_id VARCHAR, {columns})")
        rows = [(number, day, day) for number, day in due]
        con.executemany("INSERT INTO latest.premiums VALUES ('P', ?, ?, 100, ?, 100)", rows)
        return con.sql(read_model(ROOM / "staging" / "premiums.sql").sql).pl()


def nearest(rows: pl.DataFrame) -> dict[int, int]:
    """The instalment of each anniversary, by months since issue."""
    best = rows.sort("days_off").unique("months_since_issue", keep="first", maintain_order=True)
    return dict(best.select("months_since_issue", "instalment_no").iter_rows())


def billed(issued_on: date, pay_mode: str, years: int, shift_days: int) -> Instalments:
    """The instalments of some years and the one after, all but the first so many days off."""
    apart = MONTHS_APART[pay_mode]
    number = pl.int_range(12 * years // apart + 1, eager=True).alias("n")
    due_on = pl.lit(issued_on).dt.offset_by(pl.format("{}mo", pl.col("n") * apart))
    days = number.to_frame().select(due_on=due_on)["due_on"].to_list()
    return [(n + 1, day + timedelta(days=shift_days * (n > 0))) for n, day in enumerate(days)]


@pytest.mark.parametrize(
    ("issued_on", "due_on"),
    [
        (date(2024, 1, 10), date(2025, 1, 10)),
        (date(2024, 1, 10), date(2025, 2, 1)),
        (date(2024, 1, 10), date(2024, 12, 20)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2024, 2, 29), date(2025, 3, 1)),
    ],
)
def test_a_bill_near_the_anniversary_is_that_of_the_anniversary(issued_on: date, due_on: date) -> None:
    assert nearest(found(issued_on, "annual", [(1, issued_on), (2, due_on)])) == {12: 2}


@given(
    issued_on=st.dates(date(2010, 1, 1), date(2022, 12, 31)),
    pay_mode=st.sampled_from(sorted(MONTHS_APART)),
    told=st.booleans(),
    shift_days=st.integers(-12, 12),
)
@settings(max_examples=40)
def test_every_anniversary_finds_its_own_instalment(issued_on, pay_mode, told, shift_days) -> None:
    """With every way to pay, said or only numbered, and bills up to a third of a month off."""
    due = billed(issued_on, pay_mode, 3, shift_days)
    a_year = 12 // MONTHS_APART[pay_mode]
    assert nearest(found(issued_on, pay_mode if told else None, due)) == {
        12 * y: 1 + a_year * y for y in (1, 2, 3)
    }


@pytest.mark.parametrize("told", [True, False])
def test_the_instalment_before_is_not_taken_for_one_that_is_missing(told: bool) -> None:
    """A policy that lapsed before its anniversary has no instalment there, paid or not."""
    due = billed(date(2024, 1, 10), "monthly", 1, 0)[:-1]
    assert found(date(2024, 1, 10), "monthly" if told else None, due).is_empty()


def judged(due: date, paid: date) -> dict:
    premiums = found(date(2024, 1, 15), "annual", [(2, due)]).with_columns(
        policy_id=pl.lit("A"), paid_on=pl.lit(paid)
    )
    rows = persistency(
        policies=policies(A=100), premiums=premiums.lazy(), events=events([]), unbilled=unbilled(),
        as_of=date(2025, 12, 31), settings=Settings(),
    ).collect()  # fmt: skip
    return rows.filter(pl.col("duration_months") == 13).row(0, named=True)


def test_grace_runs_from_the_day_billed() -> None:
    billed_on = date(2025, 2, 1)
    in_time, late = (judged(billed_on, billed_on + timedelta(days=days)) for days in (60, 61))
    assert (in_time["due_on"], in_time["persisting"], late["persisting"]) == (billed_on, True, False)
    far = judged(date(2025, 4, 15), date(2025, 4, 15))
    assert (far["due_on"], far["persisting"]) == (date(2025, 1, 15), False)


def test_of_several_due_days_the_nearest_counts_whole() -> None:
    """Two parts of one instalment are added up; another due day of the year is not."""
    rows = found(
        date(2024, 1, 15), "annual", [(2, date(2025, 1, 15)), (3, date(2025, 1, 15)), (4, date(2025, 3, 1))]
    )
    made = persistency(
        policies=policies(P=1000), premiums=rows.lazy(), events=events([]), unbilled=unbilled(),
        as_of=date(2025, 12, 31), settings=Settings(),
    ).collect()  # fmt: skip
    assert made.filter(pl.col("duration_months") == 13)["premium_received"].to_list() == [200.0]
