"""The index of many branches and months, and 10,000 draws of its method, against a loop built like COINr's.

The peer makes one replication after the other: normalise every indicator, perturb the weights, aggregate level by
level over all units at once, as COINr's `get_sensitivity` does in R. It takes the same draws, and its scores are
compared before times are. Draws of cases are `index_cases.py`.
"""

from collections.abc import Callable
from datetime import date
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from benchmarks.index_cases import resampling_table
from benchmarks.index_facts import AS_OF, BRANCHES, MONTHS, POLICIES, Facts, records, simulated_facts
from orchestration.project import shipped_frameworks
from transforms.composite.evaluate import evaluate, inner_nodes
from transforms.composite.leaf_scores import known_windows
from transforms.composite.robustness import (
    Alternatives,
    Draws,
    Sample,
    drawn,
    drawn_scores,
    rank_distribution,
    sample,
)
from transforms.framework import Framework
from transforms.index.contributions import contributions
from transforms.index.grade_probabilities import grade_probabilities
from transforms.index.grades import grades
from transforms.index.nodes import nodes
from transforms.index.score_intervals import resampled_intervals, score_intervals
from transforms.index.scores import scores
from transforms.kpi.registry import registry
from transforms.model import Transform
from transforms.settings import Settings

DRAWS, BOOTSTRAP_DRAWS, SEED = 10_000, 2_000, 42
PEER_DRAWS = 1_000
LAST = date(2024, 12, 1)
Matrix = NDArray[np.float64]
Result = TypeVar("Result")


def index_tables() -> tuple[Table, ...]:
    """Seconds of every step for all branches and months; draws of method and of cases beside their peers'."""
    framework = shipped_frameworks()["life_default"]
    facts = simulated_facts()
    kpis = records(facts, framework).collect().lazy()
    return (
        _steps(kpis, facts, framework),
        _side_by_side(kpis, framework),
        resampling_table(kpis, facts, framework),
    )


def _steps(kpis: pl.LazyFrame, facts: Facts, framework: Framework) -> Table:
    table = Table(
        "", "wall s", "CPU s", box=box.MARKDOWN, title_justify="left",
        title=f"The index of {BRANCHES} branches × {MONTHS} months, {len(framework.leaves)} KPIs of "
        f"{POLICIES:,} policies",
    )  # fmt: skip
    settings = Settings(frameworks=(framework,))

    def made(table: Transform, **frames: pl.LazyFrame) -> pl.DataFrame:
        return table(**frames, as_of=AS_OF, settings=settings).collect()

    records_by_window = {"kpi_monthly": kpis, "kpi_windows": known_windows(kpis).clear()}
    records_by_window["kpi_periodic"] = records_by_window["kpi_windows"]
    scored = made(scores, **records_by_window).lazy()
    no_intervals = pl.LazyFrame(schema=score_intervals.schema)

    def every_month() -> None:
        evaluation = evaluate(kpis, framework)
        for month in evaluation.units["period"].unique():
            rank_distribution(sample(evaluation, month, "org_unit"), draws=DRAWS)

    def intervals() -> None:
        found = resampled_intervals(
            kpis, [framework], facts, registry(settings), as_of=AS_OF, draws=BOOTSTRAP_DRAWS, seed=SEED
        )
        made(grade_probabilities, intervals=found)

    nightly: dict[str, Callable[[], object]] = {
        "scores": lambda: made(scores, **records_by_window),
        "nodes": lambda: made(nodes, **records_by_window),
        "contributions": lambda: made(contributions, scores=scored),
        "grades": lambda: made(grades, scores=scored, intervals=no_intervals),
    }
    robust: dict[str, Callable[[], object]] = {
        f"rank intervals, {DRAWS:,} draws a month": every_month,
        f"intervals and grade probabilities, {BOOTSTRAP_DRAWS:,} draws of cases": intervals,
    }
    total = np.zeros(2)
    for title, steps in (("every night", nightly), ("with robustness", robust)):
        for name, step in steps.items():
            seconds = _timed(step)[1]
            total += seconds
            table.add_row(name, *(f"{s:.2f}" for s in seconds))
        table.add_row(f"together, {title}", *(f"{s:.1f}" for s in total))
    # Linux counts the resident set in KiB; the facts are in it.
    peak_mib = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    table.add_row(f"peak memory of the process with the facts, {peak_mib:,.0f} MiB", "", "")
    return table


def _side_by_side(kpis: pl.LazyFrame, framework: Framework) -> Table:
    units = sample(evaluate(kpis, framework), LAST, "org_unit")
    # A draw is one state of all nodes: units without some KPI have weights of their own, in both.
    choices = Alternatives()
    draws = drawn(units, choices, DRAWS, seed=42)
    ours, (ours_s, ours_cpu_s) = _timed(lambda: drawn_scores(units, choices, draws))
    theirs, (wall, cpu) = _timed(lambda: _replications(units, choices, draws, PEER_DRAWS))
    apart = np.nanmax(np.abs(ours[:, :PEER_DRAWS] - theirs))
    scale = DRAWS / PEER_DRAWS
    title = (
        f"{DRAWS:,} draws of normalisation, weights and means for {len(units.segments)} branches; "
        f"scores of {PEER_DRAWS:,} draws compared, largest difference {apart:.1e}"
    )
    table = Table("", "wall s", "CPU s", title=title, box=box.MARKDOWN, title_justify="left")
    table.add_row("transforms.composite.robustness", f"{ours_s:.2f}", f"{ours_cpu_s:.2f}")
    table.add_row(
        f"a replication at a time (from {PEER_DRAWS:,})", f"{wall * scale:.1f}", f"{cpu * scale:.1f}"
    )
    table.add_row(
        "a replication at a time / ours", f"{wall * scale / ours_s:.0f}", f"{cpu * scale / ours_cpu_s:.0f}"
    )
    return table


def _replications(units: Sample, choices: Alternatives, draws: Draws, n: int) -> Matrix:
    """Scores of the first n draws, units × n, each draw made from the beginning."""
    framework = units.framework
    result = np.empty((len(units.segments), n))
    for d in range(n):
        leaf_scores = units.normalised[choices.normalisations[draws.normalisation[d]]]
        how = choices.aggregations[draws.aggregation[d]]
        result[:, d] = _one_replication(framework, units, leaf_scores, how, draws.weights[:, d])
    return result


def _one_replication(
    framework: Framework, units: Sample, leaf_scores: Matrix, how: str, weights: Matrix
) -> Matrix:
    level = leaf_scores.copy()
    for parent, children in reversed(inner_nodes(framework)):
        x, is_there = level[children], units.present[children]
        w = np.where(is_there, weights[children, None], 0.0)
        total = w.sum(axis=0)
        w = w / np.where(total > 0, total, 1.0)
        raised = np.where(is_there, np.maximum(x, framework.floor), 1.0)
        if how == "arithmetic":
            mean = (w * np.where(is_there, x, 0.0)).sum(axis=0)
        elif how == "geometric":
            mean = np.exp((w * np.log(raised)).sum(axis=0))
        else:
            mean = 1.0 / np.where(total > 0, (w / raised).sum(axis=0), 1.0)
        level[parent] = np.where(units.present[parent] & (total > 0), mean, np.nan)
    return level[0]


def _timed(step: Callable[[], Result]) -> tuple[Result, tuple[float, float]]:
    wall, cpu = perf_counter(), process_time()
    result = step()
    return result, (perf_counter() - wall, process_time() - cpu)
