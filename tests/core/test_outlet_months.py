"""core.outlet_months: the outlets of a unit are taken once, its policies of all product lines together."""

from datetime import date

import polars as pl

from transforms.core.outlet_months import outlet_months
from transforms.settings import Settings

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)


def test_outlets_are_those_of_the_unit_and_not_of_its_lines():
    stated = pl.LazyFrame(
        [
            (MAY, "B1", "north", "life", 100, 4),
            (MAY, "B1", "north", "health", 50, 4),
            (MAY, "B2", "north", "life", 80, None),
            (MAY, "B2", "north", "all", None, 3),
            (MAY, "B3", "north", "life", 70, None),
            (JUNE, "B1", "north", "life", 90, 5),
        ],
        schema=["month", "org_unit", "region", "product_line", "policies", "outlets"],
        orient="row",
    )
    found = (
        outlet_months(exposures=stated, as_of=date(2025, 5, 31), settings=Settings())
        .collect()
        .sort("org_unit")
    )
    assert found.select("month", "org_unit", "outlets", "policies").rows() == [
        (MAY, "B1", 4, 150),
        (MAY, "B2", 3, 80),
    ]
