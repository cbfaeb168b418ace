"""`index.stage_gaps`: what the records say of each stage of the customer's journey, beside what customers say of it.

The same by dimension of service quality is in `index.gaps`; no weight or score of the index comes from here.
"""

import polars as pl

from transforms.composite.columns import UNIT, UNIT_COLUMNS, VERSION, VERSION_COLUMNS
from transforms.composite.dimensions import gap_columns
from transforms.kpi.registry import registry
from transforms.kpi.stages import perceived_score_of, stage_of
from transforms.model import Columns, transform
from transforms.settings import Settings
from transforms.vocabulary import SHOWN

DECIMALS = 9
STAGE_GAPS: Columns = {
    **VERSION_COLUMNS,
    **UNIT_COLUMNS,
    "stage": (pl.String, "Stage of the journey: presale, application, policy, claims, complaint or care."),
    "objective_score": (
        pl.Float64,
        "Mean score of the index's KPIs from the insurer's records that are about the stage, by their weights in it.",
    ),
    "objective_kpis": (pl.Int64, "How many KPIs it is made of."),
    "perceived_score": (pl.Float64, "Mean perception of customers asked about the stage, 0 to 100."),
    "perceived_n": (pl.Int64, "How many they are."),
    "gap_points": (pl.Float64, "Perceived less objective."),
    "reading": (pl.String, "strength, communication problem, survey or survivorship bias, or weakness."),
}


@transform(
    writes="index.stage_gaps",
    reads={"nodes": "index.nodes", "kpi_monthly": "kpi.monthly"},
    keys=UNIT,
    grain=(*VERSION, *UNIT, "stage"),
    columns=STAGE_GAPS,
)
def stage_gaps(nodes: pl.LazyFrame, kpi_monthly: pl.LazyFrame, *, settings: Settings) -> pl.LazyFrame:
    """One row per framework, month, segment and stage of the journey: objective and perceived score, and the gap.

    Perceptions are not those in the index but of whoever was asked about the stage, too few (low_n) included. A
    framework of longer periods than months has no rows.
    """
    codes = [kpi.code for kpi in registry(settings)]
    stages = pl.LazyFrame(
        [(code, stage_of(code), perceived_score_of(code)) for code in codes],
        schema={"kpi": pl.String, "stage": pl.String, "perceived_stage": pl.String},
        orient="row",
    )
    monthly = [(f.code, f.version) for f in settings.frameworks if f.grain == "month"]
    versions = pl.LazyFrame(monthly, schema=dict.fromkeys(VERSION, pl.String), orient="row")
    weight, score = pl.col("effective_weight"), pl.col("score")
    objective = (
        nodes.filter(pl.col("kpi").is_not_null(), score.is_not_null(), weight > 0)
        .join(versions, on=VERSION, how="semi")
        .join(stages.drop_nulls("stage"), on="kpi")
        .group_by(*VERSION, *UNIT, "stage")
        .agg(
            objective_score=((weight * score).sort().sum() / weight.sort().sum()).round(DECIMALS),
            objective_kpis=pl.len(),
        )
    )
    told = kpi_monthly.filter(pl.col("status").is_in(SHOWN)).select(
        "kpi", *UNIT, perceived_score="value", perceived_n="n"
    )
    perceived = told.join(
        stages.drop_nulls("perceived_stage").select("kpi", stage="perceived_stage"), on="kpi"
    ).select(*UNIT, "stage", "perceived_score", "perceived_n")
    units = nodes.select(*VERSION, *UNIT).unique().join(versions, on=VERSION, how="semi")
    key = [*VERSION, *UNIT, "stage"]
    return (
        objective.join(units.join(perceived, on=UNIT), on=key, how="full", coalesce=True)
        .with_columns(pl.col("objective_kpis").fill_null(0), pl.col("perceived_n").fill_null(0))
        .with_columns(gap_columns())
    )
