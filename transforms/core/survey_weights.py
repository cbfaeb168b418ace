"""core.survey_weights: how much each questionnaire counts when the sample is to look like those it speaks for.

The weights and their bounds are those of `statistics/surveys.py`; here is said whom each stage speaks for.
"""

from datetime import timedelta

import polars as pl

from transforms.facts.survey_answers import ORIGINS, RESPONSE_COLUMNS, RESPONSE_KEY
from transforms.model import SEGMENT_COLUMNS, Columns, transform
from transforms.origins import ALWAYS
from transforms.statistics.surveys import post_stratification_weights
from transforms.vocabulary import CASES

# Customers are asked in the week after the event.
ASKED_WITHIN_DAYS = 7
STRATA = ("product_line", "channel", "age_band", "region")
CELL = ("survey", "wave", "stage")
INVITED, NOBODY = "invited", "nobody known"

SURVEY_WEIGHTS: Columns = {
    **RESPONSE_COLUMNS,
    "answered_on": (pl.Date, "Day of the last answer."),
    "stage": (pl.String, "Stage of the customer's journey, within which is weighted."),
    **SEGMENT_COLUMNS,
    "satisfaction_score": (pl.Float64, "Overall satisfaction, 0 to 100."),
    "weight": (
        pl.Float64,
        "Share of the stratum among those spoken for over its share of the answers, from 0.3 to 3; 1 where "
        "nobody is known to be spoken for.",
    ),
    "speaks_for": (
        pl.String,
        "Whom the stage speaks for: invited, claims decided, complaints closed, policies issued, policies in "
        "force, or nobody known.",
    ),
    "population_covered_share": (
        pl.Float64,
        "Share of those spoken for in whose stratum somebody answered; the rest no weight can make heard.",
    ),
}


@transform(
    writes="core.survey_weights",
    origins=lambda settings: {**ORIGINS, "weight": ALWAYS},
    reads={
        "responses": "core.survey_responses",
        "invitations": "core.survey_invitations",
        "claims": "core.claims",
        "complaints": "core.complaints",
        "policies": "core.policies",
    },
    keys=(),
    grain=RESPONSE_KEY,
    columns=SURVEY_WEIGHTS,
)
def survey_weights(
    responses: pl.LazyFrame,
    invitations: pl.LazyFrame,
    claims: pl.LazyFrame,
    complaints: pl.LazyFrame,
    policies: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row per valid questionnaire of a customer: its weight by product line, channel, age band and region.

    Weighted within survey, wave and stage, so that stages keep the number of questionnaires they were given.
    A stage speaks for its invited customers where invitations are known, else for the events of the wave: from
    a week before its first answer to its last.
    """
    customers = responses.filter(pl.col("is_valid") & ~pl.col("is_audit"))
    cells = (
        customers.group_by(CELL)
        .agg(
            starts_on=pl.col("answered_on").min() - timedelta(ASKED_WITHIN_DAYS),
            ends_on=pl.col("answered_on").max(),
        )
        .collect()
    )
    population = _population(cells, invitations, claims, complaints, policies)
    weighted = post_stratification_weights(customers, population, STRATA, by=CELL)
    told = population.select(*CELL, "speaks_for").unique()
    return weighted.join(told, on=list(CELL), how="left").with_columns(
        pl.col("weight").fill_nan(None).fill_null(1.0),
        pl.col("population_covered_share").fill_nan(None),
        pl.col("speaks_for").fill_null(NOBODY),
    )


def _population(
    cells: pl.DataFrame,
    invitations: pl.LazyFrame,
    claims: pl.LazyFrame,
    complaints: pl.LazyFrame,
    policies: pl.LazyFrame,
) -> pl.LazyFrame:
    """Those each cell speaks for, by stratum: CELL, STRATA, n, speaks_for."""
    asked = (
        invitations.filter(pl.col("is_listed") & pl.col("is_eligible"))
        .group_by(*CELL, *STRATA)
        .agg(n=pl.len())
        .join(cells.lazy(), on=list(CELL), how="semi")
        .with_columns(speaks_for=pl.lit(INVITED))
        .collect()
    )
    rest = cells.join(asked, on=list(CELL), how="anti")
    decided = claims.filter((pl.col("spell_no") == 1) & pl.col("sequence_fault").is_null())
    closed = complaints.filter(~pl.col("is_merged") & pl.col("sequence_fault").is_null())
    issued = pl.col("stage") == "application"
    about_claims, about_complaints = pl.col("stage") == "claims", pl.col("stage") == "complaint"
    stock = rest.filter(~(issued | about_claims | about_complaints))
    ended_before = _until(policies, "ended_on", stock, pl.col("ends_on") - timedelta(1))
    in_force = _less(_until(policies, "issued_on", stock, pl.col("ends_on")), ended_before)
    parts = {
        "claims decided": _within(decided, "decided_on", rest.filter(about_claims)),
        "complaints closed": _within(closed, "closed_on", rest.filter(about_complaints)),
        "policies issued": _within(policies, "issued_on", rest.filter(issued)),
        "policies in force": in_force,
    }
    return pl.concat(
        [asked, *(part.with_columns(speaks_for=pl.lit(name)) for name, part in parts.items())],
        how="vertical_relaxed",
    ).lazy()


def _within(cases: pl.LazyFrame, day: str, cells: pl.DataFrame) -> pl.DataFrame:
    """Cases of each stratum whose `day` lies in the window of the cell."""
    upto, before = (
        _until(cases, day, cells, edge) for edge in (pl.col("ends_on"), pl.col("starts_on") - timedelta(1))
    )
    return _less(upto, before)


def _until(cases: pl.LazyFrame, day: str, cells: pl.DataFrame, edge: pl.Expr) -> pl.DataFrame:
    """Cases of each stratum with `day` up to the edge of each cell: cells are many, so cases are counted once."""
    edges = cells.select(edge.alias("edge")).unique().sort("edge")
    if edges.is_empty():
        return pl.DataFrame(schema={**dict.fromkeys((*CELL, *STRATA), pl.String), "n": pl.Int64})
    alike = pl.col(CASES).fill_null(1).sum() if CASES in cases.collect_schema() else pl.len()
    counted = (
        cases.filter(pl.col(day) <= edges["edge"][-1])
        .group_by(
            *STRATA, edge=pl.lit(edges["edge"]).gather(pl.lit(edges["edge"]).search_sorted(pl.col(day)))
        )
        .agg(n=alike.cast(pl.Int64))
        .collect()
    )
    grid = counted.select(STRATA).unique().join(edges, how="cross")
    summed = grid.join(counted, on=[*STRATA, "edge"], how="left").sort("edge")
    return (
        summed.with_columns(pl.col("n").fill_null(0).cum_sum().over(STRATA))
        .join(cells.select(*CELL, edge.alias("edge")), on="edge")
        .select(*CELL, *STRATA, "n")
    )


def _less(whole: pl.DataFrame, part: pl.DataFrame) -> pl.DataFrame:
    left = whole.join(part, on=[*CELL, *STRATA], how="left", suffix="_part")
    n = pl.col("n") - pl.col("n_part").fill_null(0)
    return left.select(*CELL, *STRATA, n=n).filter(pl.col("n") > 0)
