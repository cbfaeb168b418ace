"""core.org_units: the units of the organisation with their names, as reports show them.

Which unit a case belongs to is said with each case; what units achieve stands in `kpi` and `index`.
"""

import polars as pl

from transforms.model import transform


@transform(
    writes="core.org_units",
    reads={"units": "staging.org_units"},
    keys=("org_unit",),
    grain=("org_unit",),
    columns={
        "org_unit": (pl.String, "The unit."),
        "name": (pl.String, "Its name; the unit itself where none is delivered."),
        "parent": (pl.String, "The unit it belongs to."),
        "region": (pl.String, "Region."),
        "tier": (pl.String, "Tier: head_office, province, city or county."),
        "province": (pl.String, "The province that it is or belongs to."),
        "city": (pl.String, "The city that it is or belongs to."),
        "valid_from": (pl.Date, "First day."),
        "valid_to": (pl.Date, "Last day; empty while it exists."),
    },
)
def org_units(units: pl.LazyFrame) -> pl.LazyFrame:
    """One row per unit of the organisation: its name, where it belongs and since when it exists."""
    return units.with_columns(pl.coalesce("name", "org_unit").alias("name"))
