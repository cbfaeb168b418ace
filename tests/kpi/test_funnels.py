"""kpi.funnels: a branch that is unlike the others of its month."""

from datetime import date

import polars as pl
import pytest

from transforms.kpi.funnels import funnels
from transforms.kpi.monthly import monthly
from transforms.settings import Settings

BRANCHES = {"north": (120, 1000), "south": (90, 1000), "east": (9, 100), "west": (101, 1000)}


def compared(direction: int, branches: dict[str, tuple[int, int]] = BRANCHES) -> dict[str, dict]:
    """The branches in the funnel of one share, by name."""
    rows = [
        {
            "kpi": "claim_rejected_share", "period": date(2025, 3, 1), "basis": "cohort", "cut": "org_unit",
            "segment": branch, "numerator": float(good), "denominator": float(n), "value": good / n, "n": n,
            "unit": "share", "direction": direction, "status": "ok",
        }
        for branch, (good, n) in branches.items()
    ]  # fmt: skip
    frame = pl.LazyFrame(rows, schema_overrides=dict(monthly.schema))
    missing = {name: pl.lit(None, dtype) for name, dtype in monthly.schema.items() if name not in rows[0]}
    made = funnels(kpi_monthly=frame.with_columns(**missing), as_of=date(2025, 3, 31), settings=Settings())
    return {row["segment"]: row for row in made.collect().rows(named=True)}


def test_a_branch_beyond_what_chance_makes_of_its_size():
    """320 of 3,100 together; of 1,000 chance makes 85 to 123 nineteen times of twenty, of 100 3 to 17."""
    found = compared(-1)
    assert {row["target"] for row in found.values()} == {320 / 3100}
    assert found["north"]["position"] == "within"
    limits = (found["west"]["lower_95"] * 1000, found["west"]["upper_95"] * 1000)
    assert limits == pytest.approx((84.5, 122.2), abs=1)
    assert found["east"]["upper_95"] - found["east"]["lower_95"] > 2 * (limits[1] - limits[0]) / 1000
    assert found["east"]["is_good"] is None, "within the funnel there is neither"


@pytest.mark.parametrize(("direction", "is_good"), [(1, True), (-1, False), (0, None)])
def test_beyond_a_limit_is_good_on_the_better_side(direction: int, is_good: bool | None):
    found = compared(direction, {**BRANCHES, "far": (200, 1000)})["far"]
    assert (found["position"], found["is_good"]) == ("above_95", is_good)
