"""core.exposures on six policies whose exposures actxps 1.1 has computed, and with lapses and reinstatements."""

from datetime import date

import polars as pl
import pytest

from transforms.core.exposures import exposures
from transforms.model import SEGMENT_COLUMNS
from transforms.settings import Settings, StudySettings

ISSUED = {
    "P1": date(2021, 1, 1),
    "P2": date(2021, 3, 15),
    "P3": date(2021, 7, 1),
    "P4": date(2021, 5, 10),
    "P5": date(2022, 10, 1),
    "P6": date(2022, 2, 20),
}
EVENTS = [
    ("P2", "surrender", date(2022, 9, 14)),
    ("P3", "surrender", date(2021, 12, 31)),
    ("P4", "death", date(2022, 11, 30)),
    ("P6", "surrender", date(2023, 12, 31)),
]
AS_OF = date(2023, 12, 31)


def study(issued=ISSUED, rows=EVENTS, as_of=AS_OF, **how) -> pl.DataFrame:
    policies = pl.LazyFrame(
        {
            "policy_id": list(issued),
            "issued_on": list(issued.values()),
            "product_code": "L1",
            "sum_assured": 1000.0,
            **dict.fromkeys(SEGMENT_COLUMNS, "x"),
        }
    )
    events = pl.LazyFrame(
        rows, schema={"policy_id": pl.String, "event": pl.String, "effective_on": pl.Date}, orient="row"
    )
    settings = Settings(exposure_study=StudySettings(**{"targets": ("surrender",), **how}))
    return exposures(policies=policies, events=events, as_of=as_of, settings=settings).collect()


@pytest.mark.parametrize(
    ("method", "exposure", "central", "rate"),
    [
        ("policy_year", 10.813009955835017, 9.684242832547348, 0.2774435621767935),
        ("calendar_year", 10.476712328767123, 9.684931506849315, 0.28634937238493724),
    ],
)
def test_six_policies_as_in_actxps(method, exposure, central, rate):
    found = study(method=method)
    assert found["claims"].sum() == 3
    assert found["exposure"].sum() == pytest.approx(exposure, abs=1e-9)
    assert found["central_exposure"].sum() == pytest.approx(central, abs=1e-9)
    assert found["claims"].sum() / found["exposure"].sum() == pytest.approx(rate, abs=1e-9)


def test_a_lapse_ends_the_policy_only_if_no_reinstatement_follows():
    issued = {"P1": date(2021, 1, 1), "P2": date(2021, 1, 1)}
    rows = [(policy, "lapse", date(2022, 3, 2)) for policy in issued] + [
        ("P2", "reinstatement", date(2022, 5, 1))
    ]
    found = study(issued, rows, targets=("lapse",)).sort("policy_id", "exposure_year")
    assert found.select("policy_id", "status", "claims").rows() == [
        ("P1", "active", 0),
        ("P1", "lapse", 1),
        ("P2", "active", 0),
        ("P2", "active", 0),
        ("P2", "active", 0),
    ]


def test_what_comes_after_the_as_of_day_is_not_known():
    found = study(as_of=date(2022, 10, 31))
    assert found["claims"].sum() == 2
    assert set(found.filter(pl.col("policy_id") == "P4")["status"]) == {"active"}


def test_a_study_ends_with_the_last_whole_month():
    days = [date(2022, 9, 30), date(2022, 10, 1), date(2022, 10, 30), date(2022, 10, 31)]
    first, *others, next_month = (study(as_of=day).sort("policy_id", "exposure_year") for day in days)
    assert all(other.equals(first) for other in others)
    assert first.filter(pl.col("status") == "surrender")["policy_id"].to_list() == ["P2", "P3"]
    assert not next_month.equals(first)


def test_without_a_study_the_table_is_empty():
    policies = pl.LazyFrame(
        {
            "policy_id": ["P1"],
            "issued_on": [AS_OF],
            "product_code": ["L"],
            "sum_assured": [1.0],
            **{name: ["x"] for name in SEGMENT_COLUMNS},
        }
    )
    events = pl.LazyFrame(schema={"policy_id": pl.String, "event": pl.String, "effective_on": pl.Date})
    assert exposures(policies=policies, events=events, as_of=AS_OF, settings=Settings()).collect().height == 0
