"""Exposures against the published figures of actxps 1.1 and the law that days at risk add up."""

from datetime import date, timedelta
from math import exp
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.exposure_study import Method, expose

# Six policies, study to 2023-12-31, target surrender; figures computed with actxps 1.1.0.
SIX = pl.LazyFrame(
    {
        "policy_id": [1, 2, 3, 4, 5, 6],
        "issued_on": [
            date(2021, 1, 1),
            date(2021, 3, 15),
            date(2021, 7, 1),
            date(2021, 5, 10),
            date(2022, 10, 1),
            date(2022, 2, 20),
        ],
        "terminated_on": [
            None,
            date(2022, 9, 14),
            date(2021, 12, 31),
            date(2022, 11, 30),
            None,
            date(2023, 12, 31),
        ],
        "status": ["active", "surrender", "surrender", "death", "active", "surrender"],
    }
)
SINCE = date(1900, 1, 1)
FULL = 1.0


def six(method: Method, *, central: bool = False) -> pl.DataFrame:
    exposed = expose(
        SIX, start=SINCE, end=date(2023, 12, 31), target="surrender", method=method, central=central
    )
    return exposed.sort("policy_id", "exposure_year").collect()


@pytest.mark.parametrize(
    ("method", "exposure", "central"),
    [
        ("policy_year", 10.813009955835017, 9.684242832547348),
        ("calendar_year", 10.476712328767123, 9.684931506849315),
    ],
)
def test_six_policies(method: Method, exposure: float, central: float) -> None:
    found = six(method)
    assert found["claims"].sum() == 3
    assert found["exposure"].sum() == pytest.approx(exposure, abs=1e-9)
    at_risk = six(method, central=True)
    assert at_risk["claims"].sum() == 3
    assert at_risk["exposure"].sum() == pytest.approx(central, abs=1e-9)


def test_rows_of_the_six_policies() -> None:
    """Policy 4 died on day 205 of 365, policy 5 was 92 of 366 days in its second year; the rest is whole."""
    years = six("policy_year").select("policy_id", "exposure_year", "status", "exposure").rows()
    assert years == [
        (1, 1, "active", FULL),
        (1, 2, "active", FULL),
        (1, 3, "active", FULL),
        (2, 1, "active", FULL),
        (2, 2, "surrender", FULL),
        (3, 1, "surrender", FULL),
        (4, 1, "active", FULL),
        (4, 2, "death", pytest.approx(205 / 365)),
        (5, 1, "active", FULL),
        (5, 2, "active", pytest.approx(92 / 366)),
        (6, 1, "active", FULL),
        (6, 2, "surrender", FULL),
    ]
    calendar = six("calendar_year").select("policy_id", "status", "exposure").rows()
    assert calendar == [
        (1, "active", FULL),
        (1, "active", FULL),
        (1, "active", FULL),
        (2, "active", pytest.approx(292 / 365)),
        (2, "surrender", FULL),
        (3, "surrender", FULL),
        (4, "active", pytest.approx(236 / 365)),
        (4, "death", pytest.approx(334 / 365)),
        (5, "active", pytest.approx(92 / 365)),
        (5, "active", FULL),
        (6, "active", pytest.approx(315 / 365)),
        (6, "surrender", FULL),
    ]


def test_one_hundred_policies_have_three_rates() -> None:
    """In one leap year 8 surrender after a quarter (day 91 or 92), 2 die after half of it (day 183)."""
    ends = [date(2024, 3, 31)] * 4 + [date(2024, 4, 1)] * 4 + [date(2024, 7, 1)] * 2 + [None] * 90
    policies = pl.LazyFrame(
        {
            "policy_id": range(100),
            "issued_on": [date(2024, 1, 1)] * 100,
            "terminated_on": ends,
            "status": ["surrender"] * 8 + ["death"] * 2 + ["active"] * 90,
        }
    )

    def rate(*, central: bool) -> float:
        found = expose(policies, start=SINCE, end=date(2024, 12, 31), target="surrender", central=central)
        return found.select(pl.col("claims").sum() / pl.col("exposure").sum()).collect().item()

    assert rate(central=False) == pytest.approx(8 / 99, abs=1e-9)
    force = rate(central=True)
    assert force == pytest.approx(8 / 93, abs=1e-9)
    assert 1 - exp(-force) == pytest.approx(0.08242550177693908, abs=1e-9)


@pytest.mark.parametrize(
    ("census", "end", "method", "claims", "exposure"),
    [
        ("toy_census", date(2020, 12, 31), "policy_year", 0, 31.446575342465756),
        ("toy_census", date(2020, 12, 31), "calendar_year", 0, 31.447383786211546),
        ("census_dat", date(2019, 12, 31), "policy_year", 2869, 132633.9007560446),
        ("census_dat", date(2019, 12, 31), "calendar_year", 2869, 132625.510449884),
    ],
)
def test_published_figures_of_actxps(
    shared: Path, census: str, end: date, method: Method, claims: int, exposure: float
) -> None:
    policies = pl.scan_csv(shared / f"data/experience_actxps/{census}.csv", try_parse_dates=True).rename(
        {"pol_num": "policy_id", "issue_date": "issued_on", "term_date": "terminated_on"}
    )
    found = expose(policies, start=SINCE, end=end, target="Surrender", method=method, active="Active")
    totals = found.select(pl.col("claims").sum(), pl.col("exposure").sum()).collect()
    assert totals.row(0) == (claims, pytest.approx(exposure, abs=1e-6))


def test_the_start_of_the_study_drops_begun_policy_years_and_cuts_calendar_years() -> None:
    policy = SIX.filter(pl.col("policy_id") == 1).with_columns(terminated_on=pl.lit(None, pl.Date))
    start, end = date(2021, 7, 1), date(2022, 12, 31)
    by_policy = expose(policy, start=start, end=end, target="surrender").collect()
    assert by_policy.select("exposure_year", "exposure").rows() == [(2, FULL)]
    by_calendar = expose(policy, start=start, end=end, target="surrender", method="calendar_year").collect()
    assert by_calendar.select("exposure_year", "exposure").rows() == [
        (2021, pytest.approx(184 / 365)),
        (2022, FULL),
    ]


def test_what_lies_outside_the_study_is_not_known() -> None:
    """Policy 4 died later; 5 was issued later, 6 in time; 3 ended on the very day the last study starts."""
    found = expose(SIX, start=SINCE, end=date(2022, 9, 14), target="surrender").collect()
    assert found["claims"].sum() == 2
    assert set(found["policy_id"]) == {1, 2, 3, 4, 6}
    assert set(found.filter(pl.col("policy_id") == 4)["status"]) == {"active"}
    issued_on_the_last_day = expose(SIX, start=SINCE, end=date(2022, 2, 20), target="surrender").collect()
    assert 6 not in issued_on_the_last_day["policy_id"]
    ended_on_the_first_day = expose(
        SIX, start=date(2021, 12, 31), end=date(2022, 9, 14), target="surrender", method="calendar_year"
    ).collect()
    assert 3 not in ended_on_the_first_day["policy_id"]


def test_further_columns_are_carried_and_active_is_no_target() -> None:
    policies = SIX.with_columns(channel=pl.lit("agent"))
    assert set(
        expose(policies, start=SINCE, end=date(2023, 12, 31), target="death").collect()["channel"]
    ) == {"agent"}
    with pytest.raises(ValueError, match="'active'"):
        expose(SIX, start=SINCE, end=date(2023, 12, 31), target=["active", "death"])


END = date(2024, 6, 30)
policy = st.tuples(
    st.dates(date(2016, 1, 1), END - timedelta(1)),
    st.integers(0, 4000),
    st.sampled_from(["active", "surrender", "death"]),
)


@given(st.lists(policy, min_size=1, max_size=15), st.sampled_from(["policy_year", "calendar_year"]))
def test_days_at_risk_add_up(rows: list[tuple[date, int, str]], method: Method) -> None:
    policies = pl.LazyFrame(
        {
            "policy_id": list(range(len(rows))),
            "issued_on": [issued for issued, _, _ in rows],
            "terminated_on": [None if s == "active" else i + timedelta(days) for i, days, s in rows],
            "status": [status for _, _, status in rows],
        },
        schema_overrides={"terminated_on": pl.Date},
    )
    arguments = {"start": SINCE, "end": END, "target": "surrender", "method": method}
    central = expose(policies, central=True, **arguments).collect()
    length = (pl.col("ends_on") - pl.col("starts_on")).dt.total_days() + 1
    days = central.group_by("policy_id").agg(days=(pl.col("exposure") * length).sum()).sort("policy_id")
    last = [END if s == "active" else min(END, i + timedelta(d)) for i, d, s in rows]
    assert days["days"].to_list() == pytest.approx(
        [(end - i).days + 1 for (i, _, _), end in zip(rows, last, strict=True)]
    )
    surrendered = sum(s == "surrender" and i + timedelta(d) <= END for i, d, s in rows)
    annual = expose(policies, **arguments).collect()
    assert annual["claims"].sum() == central["claims"].sum() == surrendered
    assert (annual["exposure"] >= central["exposure"]).all() and annual["exposure"].is_between(0, 1).all()
