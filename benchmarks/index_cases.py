"""Draws of cases against a loop: one branch, month and draw after the other, cases chosen anew and KPIs computed.

The loop resamples the same customers with replacement and takes sums and numpy's quantile of what it chose. Its
intervals are other draws of the same, so only their widths are compared.
"""

from time import perf_counter, process_time

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich import box
from rich.table import Table

from benchmarks.index_facts import AS_OF, Facts
from transforms.framework import Framework
from transforms.index.score_intervals import resampled_intervals
from transforms.kpi.registry import registry
from transforms.measures.definition import Kpi
from transforms.settings import Settings

KPI, DRAWS, SEED = "claim_report_to_payment_days_median", 2_000, 42
PEER_UNITS, PEER_DRAWS = 40, 500
Matrix = NDArray[np.float64]


def resampling_table(kpis: pl.LazyFrame, facts: Facts, framework: Framework) -> Table:
    """CPU seconds of all units' draws of one KPI, ours and the loop's, and the ratio of their widths."""
    spec = _alone(framework)
    kpi = next(kpi for kpi in registry(Settings(frameworks=(spec,))) if kpi.code == KPI)
    begin = perf_counter(), process_time()
    table = resampled_intervals(kpis, [spec], facts, [kpi], as_of=AS_OF, draws=DRAWS, seed=SEED).collect()
    ours = perf_counter() - begin[0], process_time() - begin[1]
    units = table.filter(pl.col("node") == "index").sort("segment", "period").head(PEER_UNITS)
    begin = perf_counter(), process_time()
    widths = _widths(units, facts, kpi)
    scale = table.filter(pl.col("node") == "index").height / PEER_UNITS * DRAWS / PEER_DRAWS
    theirs = (perf_counter() - begin[0]) * scale, (process_time() - begin[1]) * scale
    posts = spec.leaves[0].leaf.goalposts if spec.leaves[0].leaf else None
    assert posts
    own = (units["score_high"] - units["score_low"]).to_numpy() * abs(posts.best - posts.worst) / 100
    title = (
        f"{DRAWS:,} draws of the cases of {KPI}, {table['segment'].n_unique()} branches × "
        f"{table['period'].n_unique()} months; mean width ours / loop {own.mean() / widths.mean():.2f}"
    )
    result = Table("", "wall s", "CPU s", title=title, box=box.MARKDOWN, title_justify="left")
    result.add_row("index.score_intervals", *(f"{s:.1f}" for s in ours))
    result.add_row(f"a draw at a time (from {PEER_UNITS} × {PEER_DRAWS})", *(f"{s:.0f}" for s in theirs))
    result.add_row("a draw at a time / ours", *(f"{t / o:.0f}" for t, o in zip(theirs, ours, strict=True)))
    return result


def _alone(framework: Framework) -> Framework:
    """An index of the one KPI, which two goalposts of its own range never cut off."""
    leaf = next(node.leaf for node in framework.leaves if node.leaf and node.leaf.kpi == KPI)
    content = {"kpi": leaf.kpi, "basis": leaf.basis, "goalposts": {"worst": 1000, "best": 0}}
    return Framework.model_validate(
        {"code": "alone", "version": "1", "title": KPI, "index": {"children": {KPI: content}}}
    )


def _widths(units: pl.DataFrame, facts: Facts, kpi: Kpi) -> Matrix:
    """Width of the 95 % interval of the median of each unit, by the loop."""
    (statistic,) = (s for s in kpi.measure.statistics(AS_OF).values() if s.q is not None)
    month = pl.col(kpi.dates["period"]).dt.truncate("1mo")
    cases = (
        facts[kpi.fact]
        .filter(kpi.counted)
        .select("org_unit", "customer_id", month=month, days=statistic.cases)
        .drop_nulls()
        .collect()
    )
    parts = cases.partition_by("org_unit", "month", as_dict=True)
    rng = np.random.default_rng(1)
    widths = []
    for segment, period in units.select("segment", "period").iter_rows():
        part = parts[segment, period]
        by_customer = [rows["days"].to_numpy() for _, rows in part.group_by("customer_id")]
        medians = np.empty(PEER_DRAWS)
        for draw in range(PEER_DRAWS):
            chosen = rng.integers(len(by_customer), size=len(by_customer))
            medians[draw] = np.quantile(np.concatenate([by_customer[i] for i in chosen]), 0.5)
        low, high = np.quantile(medians, [0.025, 0.975])
        widths.append(high - low)
    return np.array(widths)
