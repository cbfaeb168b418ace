"""Cuts of the project's own: any text column, crossed ones, and where too many segments stop."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from transforms.graph import transform_models
from transforms.kpi.complaints import ALONE
from transforms.kpi.registry import registry
from transforms.measures.example import Example, rows
from transforms.measures.example_record import facts_of
from transforms.measures.records import kpi_records
from transforms.measures.segments import TooManySegments, with_units
from transforms.periods import month_periods
from transforms.settings import Settings

SCHEMAS = {model.writes: model.schema for model in transform_models() if model.writes.startswith("core.")}
KPIS = {kpi.code: replace(kpi, minimum=1, horizon_days=0) for kpi in registry()}
AS_OF = date(2025, 12, 31)
GIVEN = rows("""
    received_on  decided_on  closed_on   product_line  org_unit  category
    2025-03-03   2025-03-05  2025-03-05  motor         north     service
    2025-03-03   2025-03-28  2025-03-28  motor         north     sales
    2025-03-03   2025-03-04  2025-03-04  motor         south     -
    2025-03-04   2025-03-05  2025-03-06  home          south     service
    2025-03-04   2025-03-25  -           home          south     service
    2025-03-04   2025-03-30  -           home          north     sales
""")
CODES = (
    "complaints_received_count",
    "complaints_open_count",
    "complaint_received_to_closed_days_median",
    "complaint_decided_within_15_days_incidence",
)


def given(rows_of_complaints=GIVEN) -> dict[str, pl.LazyFrame]:
    example = Example(given="", rows=rows_of_complaints, value=0, every=ALONE)
    return facts_of("core.complaints", example, SCHEMAS)


def made(facts: dict[str, pl.LazyFrame], **settings: object) -> pl.DataFrame:
    periods = month_periods([date(2025, 3, 1)])
    kpis = [KPIS[code] for code in CODES]
    return kpi_records(facts, kpis, periods, as_of=AS_OF, settings=Settings(**settings))


def test_a_segment_of_a_crossed_cut_has_the_records_of_its_cases_alone() -> None:
    found = made(given(), cuts=("company", ["product_line", "org_unit"]))
    crossed = found.filter(pl.col("cut") == "product_line × org_unit")
    assert set(crossed["segment"]) == {"home × north", "home × south", "motor × north", "motor × south"}
    for segment in crossed["segment"].unique():
        line, unit = segment.split(" × ")
        alone = [row for row in GIVEN if (row["product_line"], row["org_unit"]) == (line, unit)]
        of_alone = made(given(tuple(alone)), cuts=("company",)).drop("cut", "segment")
        here = crossed.filter(pl.col("segment") == segment).drop("cut", "segment")
        of_both = [frame.filter(pl.col("status") != "not_applicable") for frame in (here, of_alone)]
        assert of_both[0].filter(pl.col("value").is_not_null()).height >= 3
        keys = ["kpi", "basis", "period"]
        assert_frame_equal(*(frame.sort(keys) for frame in of_both), check_exact=True)


def test_what_is_empty_is_a_segment_so_that_a_cut_adds_up() -> None:
    found = made(given(), cuts=("company", "category", ["category", "org_unit"]))
    counts = (
        found.filter(pl.col("kpi") == "complaints_received_count").group_by("cut").agg(pl.col("value").sum())
    )
    assert dict(counts.iter_rows()) == {"company": 6, "category": 6, "category × org_unit": 6}
    of_cuts = dict(found.group_by("cut").agg(pl.col("segment").unique().sort()).iter_rows())
    assert of_cuts["category"] == ["sales", "service", "unknown"]
    assert "unknown × south" in of_cuts["category × org_unit"]


def test_a_cut_that_a_fact_does_not_have_gives_no_records_of_it() -> None:
    claims = Example(given="", rows=rows("reported_on  claim_type\n2025-03-03  medical"), value=0)
    facts = {**given(), "core.claims": facts_of("core.claims", claims, SCHEMAS)["core.claims"]}
    kpis = [KPIS["complaints_received_count"], KPIS["claims_reported_count"]]
    settings = Settings(cuts=("company", "claim_type"))
    found = kpi_records(facts, kpis, month_periods([date(2025, 3, 1)]), as_of=AS_OF, settings=settings)
    of_type = found.filter(pl.col("cut") == "claim_type")
    assert set(of_type["kpi"]) == {"claims_reported_count"} and set(of_type["segment"]) == {"medical"}


def test_a_cut_with_more_segments_than_allowed_stops_before_a_record_is_made() -> None:
    with pytest.raises(TooManySegments, match=r"has 4 segments .*max_segments \(3\).*leave the cut"):
        made(given(), cuts=("company", ["product_line", "org_unit"]), max_segments=3)
    assert made(given(), cuts=("company", ["product_line", "org_unit"]), max_segments=4).height


@pytest.mark.parametrize("cut", [["org_unit"], ["org_unit", "org_unit"], ["company", "org_unit"], []])
def test_what_crosses_nothing_is_no_crossed_cut(cut: list[str]) -> None:
    with pytest.raises(ValueError, match="two or more different columns"):
        Settings(cuts=("company", cut))


def test_cases_are_cut_by_what_the_register_says_of_their_unit() -> None:
    """North is a city of province P; south is not in the register. Alone and crossed with a column of the fact."""
    units = pl.LazyFrame({"org_unit": ["north"], "tier": ["city"], "province": ["P"], "city": ["north"]})
    cuts = ("company", "tier", "province", "province × product_line")
    found = made(with_units(given(), units, cuts), cuts=cuts)
    counts = found.filter(pl.col("kpi") == "complaints_received_count")
    assert {
        (cut, segment): n for cut, segment, n in counts.select("cut", "segment", "value").iter_rows()
    } == {
        ("company", "company"): 6,
        ("tier", "city"): 3,
        ("tier", "unknown"): 3,
        ("province", "P"): 3,
        ("province", "unknown"): 3,
        ("province × product_line", "P × motor"): 2,
        ("province × product_line", "P × home"): 1,
        ("province × product_line", "unknown × motor"): 1,
        ("province × product_line", "unknown × home"): 2,
    }


def test_facts_are_left_alone_where_no_cut_asks_for_units() -> None:
    facts = given()
    assert (
        with_units(facts, pl.LazyFrame(), ("company", "org_unit"))["core.complaints"]
        is facts["core.complaints"]
    )
