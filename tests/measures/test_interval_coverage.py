"""The stated intervals hold the truth as often as they say, for every kind of interval and hazard family.

Each KPI is computed by the real code in 900 and more branch-months drawn alike, with the truth known from
the hazards. With so many months chance moves a coverage of 95 % by 0.7 points (one standard error), so that the
bounds are four of them away; and the seed is fixed.
"""

from collections.abc import Callable
from functools import partial

import polars as pl
import pytest

from tests.kpi.drawn_books import COMPLETE, EARLY, SETTINGS, Book
from tests.kpi.drawn_cases import drawn_claims, drawn_complaints
from tests.kpi.drawn_journey import drawn_applications, drawn_stages
from tests.kpi.drawn_policies import drawn_persistency, drawn_renewals, drawn_surrenders
from tests.kpi.drawn_surveys import drawn_surveys
from transforms.kpi.registry import registry
from transforms.measures.records import kpi_records
from transforms.periods import month_periods

LOWEST, HIGHEST = 0.92, 0.98
FAMILIES: dict[str, Callable[[], Book]] = {
    "claims": partial(drawn_claims, 400, 120, seed=1, as_of=COMPLETE),
    "claims_half_open": partial(drawn_claims, 400, 120, seed=2, as_of=EARLY),
    "complaints": partial(drawn_complaints, 400, 60, seed=3, as_of=COMPLETE),
    "complaints_half_open": partial(drawn_complaints, 400, 60, seed=4, as_of=EARLY),
    "surrender": partial(drawn_surrenders, 100, 6000, seed=5),
    "persistency": partial(drawn_persistency, 400, 150, seed=6),
    "renewal_and_lapse": partial(drawn_renewals, 400, 100, seed=7),
    "surveys": partial(drawn_surveys, 400, 60, seed=8),
    "stages_of_the_journey": partial(drawn_stages, 400, 60, seed=10),
    "applications": partial(drawn_applications, 400, 400, seed=11),
}
# Quantiles of whole days: the limits are whole days too, and both hold the true day with more than 97.5 % each.
# Only the lower bound is a matter of correctness there.
WHOLE_DAYS = {
    "complaint_received_to_closed_days_median",
    "complaint_received_to_closed_days_p90",
    "complaint_received_to_decided_days_km_median",
}


def interval_records(book: Book) -> pl.DataFrame:
    """The records of the branches with their truth, where they have a value; a missing limit is infinitely far."""
    kpis = [kpi for kpi in registry() if kpi.code in book.truth]
    assert len(kpis) == len(book.truth)
    found = kpi_records(book.tables, kpis, month_periods(book.months), as_of=book.as_of, settings=SETTINGS)
    told = pl.DataFrame(
        [(kpi.code, next(iter(kpi.dates)), float(book.truth[kpi.code])) for kpi in kpis],
        schema=["kpi", "basis", "truth"],
        orient="row",
    )
    shown = found.filter((pl.col("cut") == "org_unit") & pl.col("status").is_in(["ok", "low_n"]))
    return shown.join(told, on=["kpi", "basis"]).with_columns(
        pl.col("ci_low").fill_null(-float("inf")), pl.col("ci_high").fill_null(float("inf"))
    )


def coverage(records: pl.DataFrame) -> pl.DataFrame:
    """kpi, months, coverage: the share of a KPI's months whose interval holds the truth."""
    held = pl.col("truth").is_between(pl.col("ci_low") - 1e-9, pl.col("ci_high") + 1e-9)
    return records.group_by("kpi").agg(months=pl.len(), coverage=held.mean())


@pytest.mark.parametrize("family", FAMILIES)
def test_intervals_hold_the_truth_as_often_as_they_say(family: str) -> None:
    found = coverage(interval_records(FAMILIES[family]()))
    assert (found["months"] >= 900).all()
    highest = pl.when(pl.col("kpi").is_in(WHOLE_DAYS)).then(1.0).otherwise(HIGHEST)
    wrong = found.filter(~pl.col("coverage").is_between(LOWEST, highest))
    assert wrong.is_empty(), wrong.rows()


def test_intervals_of_another_width_are_noticed() -> None:
    """The test above can fail: of intervals a fifth narrower too few hold the truth, a quarter wider too many."""
    records = interval_records(drawn_surveys(400, 60, seed=9)).filter(pl.col("kpi") == "ces_score")
    half = (pl.col("ci_high") - pl.col("ci_low")) / 2
    for change, bound in ((-0.2, LOWEST), (0.25, HIGHEST)):
        other = records.with_columns(
            ci_low=pl.col("ci_low") - change * half, ci_high=pl.col("ci_high") + change * half
        )
        share = coverage(other)["coverage"].item()
        assert share < bound if change < 0 else share > bound
