"""Whether the month of a series of values is more than its ordinary variation, in numbers and in plain words.

Which chart a KPI gets is decided here; limits and rules are in `transforms/statistics/control_charts.py`.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from transforms.measures.records import RECORD
from transforms.model import Columns
from transforms.periods import LENGTHS
from transforms.statistics.control_charts import chart_limits, signal_rules
from transforms.statistics.seasonality import YEAR, seasonal_component
from transforms.units import in_range, of_unit
from transforms.vocabulary import SHOWN

SERIES = ("kpi", "basis", "cut", "segment")
# Limits come from the first two years, at least from one, and never from the newest month itself.
BASELINE_MONTHS, MINIMUM_BASELINE_MONTHS = 24, 12
# With fewer expected events a month the limits of a p or u chart mean nothing.
MINIMUM_EVENTS = 2
# The records that have a value to be shown.
HAS_VALUE = pl.col("status").is_in(SHOWN) & pl.col("value").is_finite()
_PERIOD_WORDS = {months: grain.replace("_", "-") for grain, months in LENGTHS.items()}

SIGNALS: Columns = {
    **{name: RECORD[name] for name in (*SERIES, "period")},
    "value": (pl.Float64, "Value in its unit. Shares are fractions."),
    "centre": (pl.Float64, "What is usual: the baseline's mean, in a seasonal series the calendar month's."),
    "lower": (pl.Float64, "Lower limit of ordinary variation; empty until there are 12 months of baseline."),
    "upper": (pl.Float64, "Upper limit of ordinary variation."),
    "chart": (pl.String, "Control chart: p, u, laney_p, laney_u or xmr."),
    "rule": (pl.String, "First rule broken: beyond_limits, run_of_8, trend_of_6, two_of_three; or empty."),
    "is_signal": (pl.Boolean, "More than noise; empty where there are no limits."),
    "is_good": (pl.Boolean, "A signal for the better; empty without a signal or without a good side."),
    "sentence": (pl.String, "The same in words, with the value and its change on the period before."),
    "baseline_months": (pl.Int64, "Months that set the limits."),
    "seasonal": (pl.Float64, "What the calendar month adds, in the value's unit; empty without a season."),
}


def charted(
    kpi_monthly: pl.LazyFrame,
    *,
    window_months: Mapping[str, int] | None = None,
    period_months: Mapping[str, int] | None = None,
    rebased_on: Mapping[str, date] | None = None,
    two_of_three: bool = False,
) -> pl.LazyFrame:
    """One row per published value of kpi.monthly: limits of ordinary variation and the first rule it breaks.

    Shares get p charts, rates u charts, both Laney's where variation exceeds chance in large numbers; all
    else XmR, as do series with a season, which is taken out (two years and more). The baseline is the first
    24 published months, frozen; while there are fewer, all months but the newest; at least 12. `rebased_on`
    names KPIs whose process changed, documented, and the month from which a new baseline counts.
    `window_months` names KPIs whose monthly value pools several months: their windows overlap, so that runs
    and trends arise by construction and moving ranges are too small by √window; only points beyond the limits
    count there. `period_months` names those whose periods are longer than a month. Law of keys: kpi,
    basis, cut, segment.
    """
    points = _points(kpi_monthly, window_months or {}, period_months or {}, rebased_on or {})
    limits = chart_limits(_deseasonalised(points), ["series"]).with_columns(no_limits=_why_no_limits())
    has_limits = pl.col("no_limits").is_null()
    season, sign = pl.col("seasonal").fill_null(0), pl.col("side") * pl.col("direction")
    # A value at the end of its range is not unusual, however far a season carries the limits beyond it: those that
    # judge a value less its season, and those shown beside the value itself, are kept in its unit's range.
    limited = limits.with_columns(
        pl.when(has_limits).then(kept).alias(f"{beside}{name}")
        for name in ("centre", "lower", "upper")
        for beside, kept in (
            ("", in_range(pl.col(name), season)),
            ("shown_", in_range(pl.col(name) + season)),
        )
    ).with_columns(chart=pl.when(has_limits).then("chart"))
    ruled = signal_rules(limited, ["series"], two_of_three=two_of_three)
    counts = (pl.col("window") == 1) | (pl.col("rule") == "beyond_limits")
    judged = ruled.with_columns(
        pl.when(counts).then(name).alias(name) for name in ("rule", "side")
    ).with_columns(
        value=pl.col("published_value"),
        centre=pl.col("shown_centre"),
        lower=pl.col("shown_lower"),
        upper=pl.col("shown_upper"),
        is_signal=pl.when(has_limits).then(pl.col("rule").is_not_null()),
        is_good=pl.when(sign != 0).then(sign > 0),
    )
    told = judged.with_columns(sentence=_sentence())
    return told.select(pl.col(name).cast(dtype) for name, (dtype, _) in SIGNALS.items())


def _points(
    kpi_monthly: pl.LazyFrame,
    window_months: Mapping[str, int],
    period_months: Mapping[str, int],
    rebased_on: Mapping[str, date],
) -> pl.LazyFrame:
    """Published values in order, numbered by series, with their change, their chart's family and what is baseline."""
    kpi = pl.col("kpi")
    rebased = kpi.replace_strict(dict(rebased_on), default=None, return_dtype=pl.Date)
    place, length = pl.int_range(pl.len()).over("series"), pl.len().over("series")
    baseline = pl.min_horizontal(pl.lit(BASELINE_MONTHS), length - 1).cast(pl.Int64)
    family, size = of_unit("chart"), pl.col("denominator")
    length_months = kpi.replace_strict(dict(period_months), default=1, return_dtype=pl.Int64)
    month = pl.col("period").dt.year() * 12 + pl.col("period").dt.month()
    follows = month - month.shift().over(SERIES) == length_months
    off = (pl.col("value") * size - pl.col("numerator")).abs()
    chartable = (size > 0) & (pl.col("numerator") >= 0) & ((family == "u") | (off <= 1e-6 * size))
    return (
        kpi_monthly.filter(HAS_VALUE)
        .with_columns(phase=(pl.col("period") >= rebased).fill_null(False))
        .sort(*SERIES, "period")
        .with_columns(
            series=pl.struct(*SERIES, "phase").rle_id(),
            change=pl.when(follows).then(pl.col("value") - pl.col("value").shift().over(SERIES)),
            period_word=length_months.replace_strict(_PERIOD_WORDS, return_dtype=pl.String),
        )
        .with_columns(
            in_baseline=place < baseline,
            baseline_months=baseline,
            family=pl.when(chartable.fill_null(False).all().over("series")).then(family).fill_null("xmr"),
            window=kpi.replace_strict(dict(window_months), default=1, return_dtype=pl.Int64),
        )
    )


def _deseasonalised(points: pl.LazyFrame) -> pl.LazyFrame:
    """Values less their season, on an XmR chart then; the twelve months estimated cost degrees of freedom."""
    months = pl.len().over("series")
    is_seasonal = pl.col("seasonal").is_not_null()
    return points.with_columns(
        published_value=pl.col("value"),
        seasonal=pl.when(pl.col("window") == 1).then(seasonal_component("series", "period", "value")),
    ).with_columns(
        value=pl.col("value") - pl.col("seasonal").fill_null(0),
        family=pl.when(is_seasonal).then(pl.lit("xmr")).otherwise("family"),
        inflation=pl.when(is_seasonal)
        .then((months / (months - (YEAR - 1))).sqrt())
        .otherwise(pl.col("window").sqrt()),
    )


def _why_no_limits() -> pl.Expr:
    """Why a series has no limits, in words; null if it has."""

    def mean_of(values: pl.Expr | str) -> pl.Expr:
        return pl.when("in_baseline").then(values).mean().over("series")

    share = pl.col("centre")
    events = pl.when(pl.col("family") == "p").then(pl.min_horizontal(share, 1 - share) * mean_of("n"))
    expected = pl.when(pl.col("family") == "u").then(mean_of("numerator")).otherwise(events)
    months = pl.col("baseline_months")
    return (
        pl.when(months < MINIMUM_BASELINE_MONTHS)
        .then(pl.format(f"{{}} of {MINIMUM_BASELINE_MONTHS} {{}}s of baseline.", months, "period_word"))
        .when(expected < MINIMUM_EVENTS)
        .then(
            pl.format(
                f"under {MINIMUM_EVENTS} events a {{}} are expected; look at a longer period.", "period_word"
            )
        )
        .when(~(pl.col("sigma") > 1e-9 * share.abs()).fill_null(False))
        .then(pl.lit("the baseline does not vary."))
    )


def _sentence() -> pl.Expr:
    """What the reader sees, the value and its change, and the verdict on it, numbers in the KPI's unit."""
    unit, period = of_unit("words").fill_null(""), pl.col("period_word")
    dash = pl.when(pl.col("lower") < 0).then(pl.lit(" to ")).otherwise(pl.lit("–"))
    season = (
        pl.when(pl.col("seasonal").is_not_null()).then(pl.format(" for the {}", period)).otherwise(pl.lit(""))
    )
    ordinary = pl.format(
        "ordinary variation{} ({}{}{}{})", season, _in_words("lower"), dash, _in_words("upper"), unit
    )
    up, good = pl.col("side") > 0, pl.col("is_good")
    judgement = pl.when(good).then(pl.lit(": better.")).when(~good).then(pl.lit(": worse."))

    def by_side(above: str, below: str) -> pl.Expr:
        return pl.when(up).then(pl.lit(above)).otherwise(pl.lit(below))

    found = {
        "beyond_limits": pl.format("{} {}", by_side("above", "below"), ordinary),
        "run_of_8": pl.format(
            "eight {}s or more {} the usual {}{}{}",
            period,
            by_side("above", "below"),
            _in_words("centre"),
            unit,
            season,
        ),
        "trend_of_6": pl.format("six {}s or more {}", period, by_side("of rise", "of fall")),
        "two_of_three": pl.format("two of three {}s near the {} limit", period, by_side("upper", "lower")),
    }
    verdict = pl.coalesce(pl.when(pl.col("rule") == rule).then(words) for rule, words in found.items())
    seen = pl.format("{}{}{}", _in_words("value"), unit, _movement())
    # Who has just read of a rise has to be told that the signal is the other way.
    however = pl.when((pl.col("change") * pl.col("side") < 0) & ~_is_unmoved()).then(pl.lit(", but "))
    return (
        pl.when(pl.col("no_limits").is_not_null())
        .then(pl.format("No limits: {}; {}", seen, "no_limits"))
        .when(pl.col("is_signal"))
        .then(
            pl.format(
                "Signal: {}{}{}{}",
                seen,
                however.otherwise(pl.lit("; ")),
                verdict,
                judgement.otherwise(pl.lit(".")),
            )
        )
        .otherwise(pl.format("No signal: {}; within {}.", seen, ordinary))
    )


def _movement() -> pl.Expr:
    """The change on the period before, after a comma; nothing where that has no value."""
    up_or_down = pl.when(pl.col("change") > 0).then(pl.lit("up")).otherwise(pl.lit("down"))
    words, period = of_unit("change_words").fill_null(""), pl.col("period_word")
    return (
        pl.when(pl.col("change").is_null())
        .then(pl.lit(""))
        .when(_is_unmoved())
        .then(pl.format(", unchanged on the {} before", period))
        .otherwise(
            pl.format(
                ", {} {}{} on the {} before", up_or_down, _in_words("change", signed=False), words, period
            )
        )
    )


def _is_unmoved() -> pl.Expr:
    """Whether nothing is left of the change once it is rounded."""
    return _digits("change") == 0


def _in_words(column: str, *, signed: bool = True) -> pl.Expr:
    """A number rounded as people read it, with its minus if `signed`."""
    digits, scale = _digits(column), pl.lit(10).pow(_decimals())
    part = pl.format(".{}", (digits % scale).cast(pl.String).str.zfill(_decimals()))
    is_negative = (pl.col(column) < 0) & (digits > 0) & signed
    sign = pl.when(is_negative).then(pl.lit("−")).otherwise(pl.lit(""))
    shown_part = pl.when(_decimals() > 0).then(part).otherwise(pl.lit(""))
    return pl.format("{}{}{}", sign, digits // scale, shown_part)


def _digits(column: str) -> pl.Expr:
    """The rounded number without its sign and its point, as a whole number."""
    number = pl.col(column) * of_unit("shown_times").fill_null(1.0)
    return (number.abs() * pl.lit(10).pow(_decimals())).round(0).cast(pl.Int64)


def _decimals() -> pl.Expr:
    """Those of the unit, or those that limits, else the value, ask for: three digits or so."""
    limits = pl.max_horizontal(pl.col("lower").abs(), pl.col("upper").abs())
    size = pl.coalesce(limits, pl.col("value").abs())
    by_size = pl.when(size < 10).then(2).when(size < 100).then(1).otherwise(0)
    return pl.coalesce(of_unit("decimals"), by_size)
