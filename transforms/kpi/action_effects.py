"""kpi.action_effects: whether what was done changed its KPI, beside the other segments and beyond chance.

The months that are compared are chosen here; the interval of their difference is of
`transforms/statistics/before_after.py`.
"""

import polars as pl

from transforms.exactness import published, steady_mean, steady_sum, steady_variance
from transforms.measures.ordinary_variation import SERIES
from transforms.measures.records import RECORD
from transforms.model import Columns, transform
from transforms.statistics import before_after
from transforms.statistics.control_charts import RUN_LENGTH, TREND_LENGTH
from transforms.units import of_unit
from transforms.vocabulary import SHOWN

# Fewer months on either side say nothing; more before than a year are another time.
FEWEST_MONTHS, MOST_MONTHS_BEFORE = 3, 12
# A signal that is older has not set off an action.
SIGNAL_MONTHS = 12
# Months that take part in a signal, up to the one that shows it.
MONTHS_OF_RULE = {"beyond_limits": 1, "run_of_8": RUN_LENGTH, "trend_of_6": TREND_LENGTH, "two_of_three": 3}

EFFECTS: Columns = {
    "action_id": (pl.String, "The action."),
    **{name: RECORD[name] for name in (*SERIES, "unit", "direction")},
    "trigger_period": (
        pl.Date,
        "Month that set it off: of the newest signal for the worse known when it was opened, else the month before.",
    ),
    "trigger_rule": (pl.String, "The rule of that signal; empty without one."),
    "compared_with": (
        pl.String,
        "Months before: after_opening (between opening and completion, which nobody chose) or before_trigger.",
    ),
    "before_from": (pl.Date, "First month of those before."),
    "before_to": (pl.Date, "Last month of those before."),
    "months_before": (pl.Int64, "Months before."),
    "after_from": (pl.Date, "First month of those after: whole months after it was done."),
    "after_to": (pl.Date, "Last month of those after."),
    "months_after": (pl.Int64, "Months after."),
    "months_needed": (pl.Int64, "Months after with which it is judged, at least 3."),
    "fewest_cases": (pl.Int64, "Cases of the month with the fewest, of those before and after."),
    "before": (pl.Float64, "Mean of the KPI's months before."),
    "before_low": (pl.Float64, "Lower end of its 95 % interval."),
    "before_high": (pl.Float64, "Upper end of its 95 % interval."),
    "after": (pl.Float64, "Mean of the KPI's months after."),
    "after_low": (pl.Float64, "Lower end of its 95 % interval."),
    "after_high": (pl.Float64, "Upper end of its 95 % interval."),
    "is_alone": (pl.Boolean, "No other segment to compare with, as for the company: only before and after."),
    "others_before": (pl.Float64, "The same of the other segments of the cut together."),
    "others_after": (pl.Float64, "Likewise after."),
    "effect": (
        pl.Float64,
        "Change of the segment less the change of the others (difference in differences).",
    ),
    "effect_low": (
        pl.Float64,
        "Lower end of its 95 % interval over months, Student's t with pooled variance.",
    ),
    "effect_high": (pl.Float64, "Upper end of its 95 % interval."),
    "target_effect": (pl.Float64, "The change that its target asks for: target less the mean before."),
    "power": (pl.Float64, "Probability with which such a change would be called helped; empty without one."),
    "verdict": (
        pl.String,
        "helped, worse, not_separable (from noise) or too_early; empty while it is not done or has no good side.",
    ),
}


@transform(
    writes="kpi.action_effects",
    reads={"actions": "core.actions", "kpi_monthly": "kpi.monthly", "signals": "kpi.signals"},
    keys=("kpi", "basis", "cut"),
    grain=("action_id",),
    columns=EFFECTS,
)
def action_effects(actions: pl.LazyFrame, kpi_monthly: pl.LazyFrame, signals: pl.LazyFrame) -> pl.LazyFrame:
    """One row per action on a KPI: the KPI before and after, the others' change, the effect and the verdict.

    A month that was bad by chance is followed by better ones whatever is done. So the months before are whole months
    between opening and completion, three or more, which nobody chose; else the twelve months before those that set
    the action off. Months without a published value count nowhere.
    """
    asked = (
        actions.filter(pl.col("kpi").is_not_null())
        .select("action_id", *SERIES, "opened_on", "done_on", "target", "check_after_months")
        .with_columns(
            months_needed=pl.max_horizontal(pl.col("check_after_months").fill_null(0), FEWEST_MONTHS)
        )
        .join(_triggers(actions, signals), on="action_id", how="left")
        .with_columns(month_before=pl.col("opened_on").dt.month_start().dt.offset_by("-1mo"))
        .with_columns(
            trigger_period=pl.coalesce("trigger_period", "month_before"),
            chosen_from=pl.coalesce("chosen_from", "month_before"),
        )
    )
    series = _beside_others(asked, kpi_monthly)
    compared = _compared(series)
    sides = {side: _summed(compared.filter(pl.col("side") == side), side) for side in ("before", "after")}
    known = series.group_by("action_id").agg(pl.col("unit", "direction").first(), pl.col("is_alone").first())
    found = asked.join(known, on="action_id", how="left")
    for side in sides.values():
        found = found.join(side, on="action_id", how="left")
    told = _with_verdict(_with_effect(found))
    return told.select(pl.col(name).cast(dtype) for name, (dtype, _) in EFFECTS.items())


def _triggers(actions: pl.LazyFrame, signals: pl.LazyFrame) -> pl.LazyFrame:
    """action_id, month and rule of the newest signal for the worse known at opening, and from which month it is made.

    Signals of months in a row are one: the months of the first of them take part in the last.
    """
    span = pl.col("rule").replace_strict(MONTHS_OF_RULE, default=1, return_dtype=pl.Int64)
    worse = (pl.col("is_signal") & pl.col("is_good").ne_missing(True)).fill_null(False)
    judged = (
        signals.join(actions, on=SERIES, how="semi")
        .sort(*SERIES, "period")
        .with_columns(is_worse=worse)
        .with_columns(streak=pl.col("is_worse").rle_id().over(SERIES))
        .filter("is_worse")
        .select(
            *SERIES,
            "period",
            "rule",
            "streak",
            made_from=pl.col("period").dt.offset_by(pl.format("-{}mo", span - 1)),
        )
    )
    opened = pl.col("opened_on").dt.month_start()
    newest = pl.col("streak") == pl.col("streak").max()
    return (
        actions.select("action_id", *SERIES, "opened_on")
        .join(judged, on=SERIES)
        .filter(pl.col("period") < opened)
        .group_by("action_id", "opened_on")
        .agg(
            trigger_period=pl.col("period").max(),
            trigger_rule=pl.col("rule").sort_by("period").last(),
            chosen_from=pl.col("made_from").filter(newest).min(),
        )
        .filter(pl.col("trigger_period") >= opened.dt.offset_by(f"-{SIGNAL_MONTHS}mo"))
        .drop("opened_on")
    )


def _beside_others(asked: pl.LazyFrame, kpi_monthly: pl.LazyFrame) -> pl.LazyFrame:
    """Published months of each action's series: value, that of the other segments together, and their difference.

    Of quotients the others are the sum of numerators over that of denominators, else weighted by n.
    """
    own, weight = pl.col("value"), pl.col("n").cast(pl.Float64)
    top = pl.when("is_quotient").then("numerator").otherwise(own * weight)
    bottom = pl.when("is_quotient").then("denominator").otherwise(weight)
    of_cut = ["kpi", "basis", "cut", "period"]
    shown = (
        kpi_monthly.filter(pl.col("status").is_in(SHOWN) & own.is_finite())
        .join(asked, on=["kpi", "basis", "cut"], how="semi")
        .with_columns(is_quotient=of_unit("is_quotient").fill_null(False))
        .with_columns(top=top, bottom=bottom)
    )
    asked_of = asked.select("action_id", *SERIES, "opened_on", "done_on", "months_needed", "chosen_from")
    own_months = asked_of.join(
        shown.select(*SERIES, "period", "value", "unit", "direction", "n"), on=SERIES, how="inner"
    )
    others = (
        asked_of.select("action_id", *SERIES)
        .join(shown, on=["kpi", "basis", "cut"], suffix="_other")
        .filter(pl.col("segment") != pl.col("segment_other"))
        .group_by("action_id", *of_cut)
        .agg(steady_sum(pl.col("top")), steady_sum(pl.col("bottom")))
        .select(
            "action_id", "period", others=pl.when(pl.col("bottom") > 0).then(pl.col("top") / pl.col("bottom"))
        )
    )
    return (
        own_months.join(others, on=["action_id", "period"], how="left")
        .with_columns(is_alone=pl.col("others").is_null().all().over("action_id"))
        .filter(pl.col("is_alone") | pl.col("others").is_not_null())
        .with_columns(difference=pl.col("value") - pl.col("others").fill_null(0.0))
    )


def _compared(series: pl.LazyFrame) -> pl.LazyFrame:
    """The months that are compared, each with its `side`: before or after; and the kind of those before."""
    month, done = pl.col("period"), pl.col("done_on")
    between = (month > pl.col("opened_on")) & (month < done.dt.month_start())
    place = pl.int_range(pl.len()).over("action_id", "part")
    length = pl.len().over("action_id", "part")
    enough_between = (pl.col("part") == "between").sum().over("action_id") >= FEWEST_MONTHS
    parts = (
        series.with_columns(
            part=pl.when(month > done)
            .then(pl.lit("after"))
            .when(between)
            .then(pl.lit("between"))
            .when(month < pl.col("chosen_from"))
            .then(pl.lit("earlier"))
        )
        .filter(pl.col("part").is_not_null())
        .sort("action_id", "period")
        .with_columns(place=place, from_end=length - 1 - place, enough_between=enough_between)
    )
    is_after = (pl.col("part") == "after") & (pl.col("place") < pl.col("months_needed"))
    is_before = (
        pl.when("enough_between")
        .then(pl.col("part") == "between")
        .otherwise((pl.col("part") == "earlier") & (pl.col("from_end") < MOST_MONTHS_BEFORE))
    )
    return parts.with_columns(
        side=pl.when(is_after).then(pl.lit("after")).when(is_before).then(pl.lit("before"))
    )


def _summed(months: pl.LazyFrame, side: str) -> pl.LazyFrame:
    """What an action's months of one side come to."""
    return months.group_by("action_id").agg(
        pl.len().cast(pl.Int64).alias(f"months_{side}"),
        pl.col("period").min().alias(f"{side}_from"),
        pl.col("period").max().alias(f"{side}_to"),
        pl.col("n").min().alias(f"{side}_fewest"),
        steady_mean(pl.col("value")).alias(side),
        steady_variance(pl.col("value")).alias(f"{side}_variance"),
        steady_mean(pl.col("others")).alias(f"others_{side}"),
        steady_mean(pl.col("difference")).alias(f"{side}_difference"),
        steady_variance(pl.col("difference")).alias(f"{side}_difference_variance"),
        *([pl.col("part").first()] if side == "before" else []),
    )


def _with_effect(found: pl.LazyFrame) -> pl.LazyFrame:
    """Intervals, effect and power, from the months of both sides."""
    wanted = pl.col("target") - pl.col("before")
    sign = pl.when(pl.col("direction") != 0).then(pl.col("direction").sign()).otherwise(wanted.sign())
    # A target that is met asks for no change.
    asked = found.with_columns(
        pl.col("months_before", "months_after").fill_null(0),
        good_side=sign,
        fewest_cases=pl.min_horizontal("before_fewest", "after_fewest"),
        target_effect=pl.when((wanted * sign) > 0).then(wanted),
        compared_with=pl.col("part").replace_strict(
            {"between": "after_opening", "earlier": "before_trigger"}, default=None, return_dtype=pl.String
        ),
    )
    numbers = [
        f"{side}{part}"
        for side in ("before", "after")
        for part in ("", "_variance", "_difference", "_difference_variance")
    ]
    rows = pl.struct(pl.col(*numbers, "months_before", "months_after", "target_effect").cast(pl.Float64))
    shape = pl.Struct(dict.fromkeys(_CHANGE, pl.Float64))
    return asked.with_columns(rows.map_batches(_changes, shape).alias("found")).unnest("found")


_CHANGE = (
    "before_low",
    "before_high",
    "after_low",
    "after_high",
    "effect",
    "effect_low",
    "effect_high",
    "error",
    "power",
)


def _changes(rows: pl.Series) -> pl.Series:
    """_CHANGE of each action, from numbers, means and variances of the months of both sides."""

    def sample(side: str, of: str) -> before_after.Sample:
        names = (f"months_{side}", f"{side}{of}", f"{side}{of}_variance")
        return before_after.sample(*(rows.struct.field(name).to_numpy() for name in names))

    change = before_after.change(sample("before", "_difference"), sample("after", "_difference"))
    power = before_after.power(rows.struct.field("target_effect").to_numpy(), change)
    limits = [*before_after.mean_limits(sample("before", "")), *before_after.mean_limits(sample("after", ""))]
    found = [*limits, change.value, change.low, change.high, change.error, power]
    frame = pl.DataFrame(
        {
            name: pl.Series(column, nan_to_null=True, dtype=pl.Float64)
            for name, column in zip(_CHANGE, found, strict=True)
        }
    )
    return frame.select(published(pl.all())).to_struct()


def _with_verdict(found: pl.LazyFrame) -> pl.LazyFrame:
    low, high = pl.col("effect_low") * pl.col("good_side"), pl.col("effect_high") * pl.col("good_side")
    enough = (pl.col("months_before") >= FEWEST_MONTHS) & (
        pl.col("error") > 1e-9 * pl.col("before").abs()
    ).fill_null(False)
    verdict = (
        pl.when(pl.col("done_on").is_null() | pl.col("unit").is_null())
        .then(None)
        .when(pl.col("months_after") < pl.col("months_needed"))
        .then(pl.lit("too_early"))
        .when(~enough | (pl.col("effect_low") * pl.col("effect_high") <= 0).fill_null(True))
        .then(pl.lit("not_separable"))
        .when(pl.min_horizontal(low, high) > 0)
        .then(pl.lit("helped"))
        .when(pl.max_horizontal(low, high) < 0)
        .then(pl.lit("worse"))
    )
    return found.with_columns(verdict=verdict).with_columns(
        published(pl.col("before", "after", "others_before", "others_after", "target_effect"))
    )
