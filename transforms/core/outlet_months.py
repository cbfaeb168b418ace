"""core.outlet_months: outlets beside the policies they are there for, one row per month and unit.

Other things that rates are per, which are of product lines as well, are in `core.exposure_months`.
"""

import polars as pl

from transforms.model import transform
from transforms.origins import Origins, passed_on

ORIGINS: Origins = passed_on("exposures", "month", "outlets", "policies")


@transform(
    writes="core.outlet_months",
    reads={"exposures": "staging.exposures"},
    known_on={"exposures": "month"},
    origins=lambda settings: ORIGINS,
    keys=("month", "org_unit"),
    grain=("month", "org_unit"),
    columns={
        "month": (pl.Date, "First day of the month."),
        "org_unit": (pl.String, "Organisational unit."),
        "region": (pl.String, "Region."),
        "outlets": (pl.Int64, "Outlets at the end of the month."),
        "policies": (
            pl.Int64,
            "Policies of all product lines in force at month end plus those terminated in it.",
        ),
    },
)
def outlet_months(exposures: pl.LazyFrame) -> pl.LazyFrame:
    """One row per month and unit that states its outlets: how many, and policies of all its product lines."""
    own = ["month", "org_unit"]
    return (
        exposures.with_columns(pl.col("org_unit").fill_null("all"))
        .group_by(own)
        .agg(
            region=pl.col("region").max().fill_null("unknown"),
            outlets=pl.col("outlets").max(),
            policies=pl.when(pl.col("policies").count() > 0).then(pl.col("policies").sum()),
        )
        .filter(pl.col("outlets").is_not_null())
    )
