"""What the tests of the index share: frameworks from a few words, KPI records from values, worked examples."""

from datetime import date

import numpy as np
import polars as pl

from transforms.composite.leaf_scores import known_windows
from transforms.framework import Framework
from transforms.index.score_intervals import score_intervals
from transforms.model import Transform
from transforms.settings import RobustnessSettings, Settings

JANUARY, FEBRUARY, MARCH = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)
RECORD = {
    "kpi": pl.String,
    "period": pl.Date,
    "basis": pl.String,
    "cut": pl.String,
    "segment": pl.String,
    "as_of": pl.Date,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "value": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "n": pl.Int64,
    "direction": pl.Int8,
    "status": pl.String,
}

# Five branches by four KPIs: days to pay (posts 30 to 2), persistency (60 to 95), complaints per 10,000 policies
# (2 to 0), satisfaction (0 to 100), with the weights of the worked examples.
FIVE_BRANCHES = np.array(
    [
        [4, 93, 0.4, 82],
        [6, 90, 0.9, 78],
        [9, 88, 0.7, 80],
        [12, 91, 1.5, 71],
        [20, 80, 1.1, 69],
    ],
    dtype=float,
)
POSTS = [(30, 2), (60, 95), (2, 0), (0, 100)]
# The five branches between these goalposts, 0 to 100.
FIVE_SCORES = np.array(
    [
        [92.8571, 94.2857, 80, 82],
        [85.7143, 85.7143, 55, 78],
        [75, 80, 65, 80],
        [64.2857, 88.5714, 25, 71],
        [35.7143, 57.1429, 45, 69],
    ]
)
DIRECTIONS = [-1, 1, -1, 1]
WEIGHTS = np.array([0.35, 0.30, 0.20, 0.15])
KPIS = ["days", "persistency", "complaints", "satisfaction"]

# Six branches too close to be told apart, already on 0 to 100.
SIX_BRANCHES = np.array(
    [
        [90, 55, 80, 70],
        [75, 76, 74, 75],
        [60, 95, 72, 78],
        [82, 70, 60, 88],
        [70, 72, 90, 60],
        [40, 90, 85, 85],
    ],
    dtype=float,
)
SIX_RANKS = [4, 2, 1, 3, 5, 6]


def mean_of(scores: np.ndarray, weights: np.ndarray, how: str, floor: float = 1.0) -> np.ndarray:
    """The weighted mean of each row over what is present (not NaN), by the textbook; NaN where nothing is."""
    here = [(row[~np.isnan(row)], weights[~np.isnan(row)]) for row in scores]
    textbook = {
        "arithmetic": lambda x, w: (w * x).sum() / w.sum(),
        "geometric": lambda x, w: np.prod(np.maximum(x, floor) ** (w / w.sum())),
        "harmonic": lambda x, w: w.sum() / (w / np.maximum(x, floor)).sum(),
    }
    return np.array([textbook[how](x, w) if len(x) else np.nan for x, w in here])


def framework(children: dict, **settings: object) -> Framework:
    """A framework of the children given; thresholds, version and title filled in."""
    given = {"code": "example", "version": "1", "title": "Example", **settings}
    index = {name: given.pop(name) for name in ("aggregation", "weights") if name in given}
    return Framework.model_validate({**given, "index": {"children": children, **index}})


def leaf(kpi: str, worst: float = 0, best: float = 100, **more: object) -> dict:
    """A leaf with goalposts, or another normalisation where one is named."""
    posts = {} if "normalisation" in more else {"goalposts": {"worst": worst, "best": best}}
    return {"kpi": kpi, **posts, **more}


def worked_framework(**settings: object) -> Framework:
    """The four KPIs of the worked examples with their weights and goalposts, flat."""
    rows = zip(KPIS, POSTS, WEIGHTS, strict=True)
    return framework(
        {kpi: leaf(kpi, *posts, weight=float(weight)) for kpi, posts, weight in rows}, **settings
    )


def close_branches() -> tuple[pl.LazyFrame, Framework]:
    """The six branches under the worked weights, their KPIs on 0 to 100."""
    spec = framework({kpi: leaf(kpi, weight=float(w)) for kpi, w in zip(KPIS, WEIGHTS, strict=True)})
    return branch_records(SIX_BRANCHES), spec


def records(rows: list[dict]) -> pl.LazyFrame:
    """KPI records: kpi and value given, the rest filled in where it is not."""
    default = {
        "period": JANUARY,
        "basis": "cohort",
        "cut": "org_unit",
        "segment": "B1",
        "as_of": date(2025, 6, 30),
        "numerator": None,
        "denominator": None,
        "ci_low": None,
        "ci_high": None,
        "n": 1000,
        "direction": 1,
        "status": "ok",
    }
    return pl.LazyFrame([{**default, **row} for row in rows], schema=RECORD)


def branch_records(values: np.ndarray, kpis: list[str] = KPIS, **more: object) -> pl.LazyFrame:
    """One record per branch (row: B1, B2, …) and KPI (column)."""
    return records(
        [
            {"kpi": kpi, "segment": f"B{i + 1}", "value": float(value), "direction": direction, **more}
            for i, row in enumerate(values)
            for kpi, value, direction in zip(kpis, row, DIRECTIONS, strict=False)
            if not np.isnan(value)
        ]
    )


def made(
    table: Transform,
    *frameworks: Framework,
    robustness: RobustnessSettings | None = None,
    **frames: pl.LazyFrame,
) -> pl.LazyFrame:
    """The rows of a table of the index under these frameworks, in order of its grain, since a table has no order.

    No windows and no intervals unless given.
    """
    if "kpi_windows" in table.reads:
        frames.setdefault("kpi_windows", known_windows(frames["kpi_monthly"]).clear())
    if "kpi_periodic" in table.reads:
        frames.setdefault("kpi_periodic", known_windows(frames["kpi_monthly"]).clear())
    if "intervals" in table.reads:
        frames.setdefault("intervals", pl.LazyFrame(schema=score_intervals.schema))
    settings = Settings(frameworks=frameworks, robustness=robustness)
    return table(**frames, as_of=date(2025, 6, 30), settings=settings).sort(table.grain)
