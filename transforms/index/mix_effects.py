"""`index.mix_effects`: whether a KPI of the company moved because its segments did, or because their shares did.

No framework has a part in it: it is about the quotients of kpi.monthly.
"""

import polars as pl

from transforms.composite.columns import UNIT, UNIT_COLUMNS
from transforms.exactness import steady_sum
from transforms.model import Columns, transform

MIX_EFFECTS: Columns = {
    "kpi": (pl.String, "Code of the KPI, a ratio of numerator and denominator."),
    "basis": (pl.String, "Basis of the KPI's records."),
    **{name: UNIT_COLUMNS[name] for name in ("cut", "segment", "period")},
    "period_from": (pl.Date, "Month it is compared with."),
    "rate_effect": (pl.Float64, "Change of the total from the segment's own rate, in the KPI's unit."),
    "mix_effect": (pl.Float64, "Change of the total from the segment's share of the denominator."),
}


@transform(
    writes="index.mix_effects",
    reads={"kpi_monthly": "kpi.monthly"},
    keys=("kpi", "cut"),
    grain=("kpi", "basis", *UNIT),
    columns=MIX_EFFECTS,
)
def mix_effects(kpi_monthly: pl.LazyFrame) -> pl.LazyFrame:
    """One row per KPI, month and segment: what its own rate and its share of the cases did to the total.

    For KPIs that have a numerator, whose value is a multiple of numerator / denominator; the effects sum to the
    change of that ratio over all segments of the cut since the month before (Kitagawa 1955). The mix effect is
    centred on the mean of the two totals, which leaves its sum as it is; a segment that is absent in one of the
    months has a mix effect alone.
    """
    group = ["kpi", "basis", "cut", "period"]
    pair = [*group, "period_from", "segment"]
    rows = kpi_monthly.filter(
        pl.col("cut") != "company",
        pl.col("denominator") > 0,
        pl.col("numerator").is_not_null(),
        pl.col("value").is_not_null(),
    ).select(*group, "segment", "value", "denominator")
    now = rows.with_columns(period_from=pl.col("period").dt.offset_by("-1mo"))
    before = rows.with_columns(period_from="period", period=pl.col("period").dt.offset_by("1mo")).rename(
        {"value": "value_from", "denominator": "denominator_from"}
    )
    share, share_from = _share("denominator", group), _share("denominator_from", group)
    rate, rate_from = pl.coalesce("value", "value_from"), pl.coalesce("value_from", "value")
    centre = steady_sum(share * rate + share_from * rate_from).over(group) / 2
    return (
        now.join(before, on=pair, how="full", coalesce=True, nulls_equal=True)
        .filter(
            pl.col("denominator").is_not_null().any().over(group),
            pl.col("denominator_from").is_not_null().any().over(group),
        )
        .with_columns(
            rate_effect=(share + share_from) / 2 * (rate - rate_from),
            mix_effect=((rate + rate_from) / 2 - centre) * (share - share_from),
        )
    )


def _share(denominator: str, group: list[str]) -> pl.Expr:
    present = pl.col(denominator).fill_null(0.0)
    return present / steady_sum(present).over(group)
