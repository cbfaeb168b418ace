"""core.org_units: every unit has a name to be shown by."""

from datetime import date

import polars as pl

from transforms.core.org_units import org_units
from transforms.settings import Settings


def test_a_unit_without_a_name_is_shown_as_itself():
    units = pl.LazyFrame(
        {"org_unit": ["B1", "B2"], "name": ["Harbour branch", None], "valid_from": [date(2020, 1, 1), None]},
        schema_overrides={"name": pl.String, "valid_from": pl.Date},
    ).with_columns(pl.lit(None, dtype).alias(name) for name, dtype in org_units.schema.items()
                   if name not in ("org_unit", "name", "valid_from"))  # fmt: skip
    made = org_units(units=units, as_of=date(2025, 3, 31), settings=Settings()).sort("org_unit").collect()
    assert made["name"].to_list() == ["Harbour branch", "B2"]
    assert made["valid_from"].to_list() == [date(2020, 1, 1), None]
