"""core.survey_modes: what it makes for an answer how it was given, one row per survey, mode and question to customers.

Who answered at all is in `core.survey_waves`; weights do not undo the effect of a mode.
"""

import polars as pl

from transforms.exactness import steady_mean, steady_sum, steady_variance
from transforms.facts.survey_answers import DECIMALS
from transforms.model import Columns, transform
from transforms.statistics.intervals import Z_95, finite

MEASURES = ("satisfaction_score", "nps_score", "ces_score")
# With fewer answers on either side nothing is said about an effect.
FEWEST_ANSWERS = 30
STRATUM = ("wave", "stage")
KEY = ("survey", "mode", "measure")
# Of answers paired with each mode of their survey: those that were given in it.
OWN = pl.col("given") == pl.col("mode")

SURVEY_MODES: Columns = {
    "survey": (pl.String, "The survey."),
    "mode": (pl.String, "How it was answered: app, web, phone, paper or in_person."),
    "measure": (pl.String, "What was asked: satisfaction_score, nps_score or ces_score."),
    "n_invited": (pl.Int64, "Invited in this mode, from a list, who are or may be eligible."),
    "response_share": (pl.Float64, "Of these, complete questionnaires."),
    "n": (pl.Int64, "Answers in this mode, careless ones left out."),
    "mean": (pl.Float64, "Their mean."),
    "n_others": (pl.Int64, "Answers in other modes."),
    "others_mean": (pl.Float64, "Their mean."),
    "effect": (
        pl.Float64,
        "Mean in this mode less that in others, within waves and stages; empty under 30 answers on either side.",
    ),
    "effect_low": (pl.Float64, "Lower end of its 95 % interval."),
    "effect_high": (pl.Float64, "Upper end of it."),
    "verdict": (pl.String, "higher, lower, no evidence of an effect, or under 30 answers."),
}


@transform(
    writes="core.survey_modes",
    reads={"responses": "core.survey_responses", "invitations": "core.survey_invitations"},
    keys=("survey",),
    grain=KEY,
    columns=SURVEY_MODES,
)
def survey_modes(responses: pl.LazyFrame, invitations: pl.LazyFrame) -> pl.LazyFrame:
    """One row per survey, mode and measure: mean in the mode, in others, and the difference among like with like.

    Who is asked how is seldom drawn by lot, so the modes are compared within waves and stages of the journey; these
    weigh by the answers they have on both sides (as in Mantel and Haenszel 1959). What remains of the difference may
    still be that of the people.
    """
    answers = (
        responses.filter("is_valid", ~pl.col("is_audit"), pl.col("mode") != "unknown")
        .unpivot(MEASURES, index=["survey", "mode", *STRATUM], variable_name="measure", value_name="score")
        .drop_nulls("score")
    )
    modes = answers.select("survey", "measure", "mode").unique()
    paired = modes.join(answers.rename({"mode": "given"}), on=["survey", "measure"])
    score, others = pl.col("score").filter(OWN), pl.col("score").filter(~OWN)
    whole = paired.group_by(KEY).agg(
        n=score.count(),
        mean=steady_mean(score).round(DECIMALS),
        n_others=others.count(),
        others_mean=steady_mean(others).round(DECIMALS),
    )
    asked = (
        invitations.filter("is_eligible", "is_listed")
        .group_by("survey", "mode")
        .agg(n_invited=pl.len(), response_share=pl.col("is_complete").mean())
    )
    enough = (pl.col("n") >= FEWEST_ANSWERS) & (pl.col("n_others") >= FEWEST_ANSWERS)
    effect, half = pl.col("effect"), pl.col("half")
    return (
        whole.join(_effects(paired), on=KEY)
        .join(asked, on=["survey", "mode"], how="left")
        .with_columns(pl.col("n_invited").fill_null(0))
        .with_columns(
            effect=pl.when(enough).then(effect.round(DECIMALS)),
            effect_low=pl.when(enough).then((effect - half).round(DECIMALS)),
            effect_high=pl.when(enough).then((effect + half).round(DECIMALS)),
        )
        .with_columns(verdict=_verdict())
    )


def _effects(paired: pl.LazyFrame) -> pl.LazyFrame:
    """KEY, effect and half: the difference within strata, and half the width of its interval."""

    def side(of: pl.Expr, name: str) -> list[pl.Expr]:
        score = pl.col("score").filter(of)
        return [
            score.count().alias(f"n{name}"),
            steady_mean(score).alias(f"mean{name}"),
            steady_variance(score).alias(f"variance{name}"),
        ]

    strata = paired.group_by(*KEY, *STRATUM).agg(*side(OWN, ""), *side(~OWN, "_others"))
    n, n_others = pl.col("n"), pl.col("n_others")
    weight = pl.when((n > 1) & (n_others > 1)).then(n * n_others / (n + n_others))
    error = pl.col("variance") / n + pl.col("variance_others") / n_others
    difference = pl.col("weight") * (pl.col("mean") - pl.col("mean_others"))
    total = steady_sum(pl.col("weight"))
    return (
        strata.with_columns(weight=weight)
        .group_by(KEY)
        .agg(
            effect=finite(steady_sum(difference) / total),
            half=Z_95 * finite(steady_sum(pl.col("weight") ** 2 * error).sqrt() / total),
        )
    )


def _verdict() -> pl.Expr:
    return (
        pl.when(pl.col("effect_low").is_null())
        .then(pl.lit(f"under {FEWEST_ANSWERS} answers"))
        .when(pl.col("effect_low") > 0)
        .then(pl.lit("higher"))
        .when(pl.col("effect_high") < 0)
        .then(pl.lit("lower"))
        .otherwise(pl.lit("no evidence of an effect"))
    )
