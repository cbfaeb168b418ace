"""Kaplan–Meier of every branch and month at once against a loop of lifelines fits, on the same simulated cases.

Both give the curve with its Greenwood variance for each group; the curves are compared before times are.
"""

from collections.abc import Iterable
from time import perf_counter, process_time

import numpy as np
import polars as pl
from rich import box
from rich.table import Table

from transforms.statistics.risk_sets import CENSORED, EVENT, Coded, RiskSets

CASES, BRANCHES, MONTHS = 1_000_000, 120, 36
GROUP = ("branch", "month")
SAMPLE = 200
WHOLE_UP_TO_S = 120.0
_REPETITIONS = 3


def simulated_cases(cases: int, seed: int = 7) -> pl.DataFrame:
    """Claims with log-normal days to decision, those still open at the end of the last month censored."""
    rng = np.random.default_rng(seed)
    received = rng.integers(0, MONTHS, cases)
    days = rng.lognormal(2.5, 0.9, cases)
    followed = (MONTHS - received - rng.random(cases)) * 30.4
    return pl.DataFrame(
        {
            "branch": rng.integers(0, BRANCHES, cases),
            "month": received,
            # Systems keep time to the minute, so that ties occur.
            "days": np.round(np.minimum(days, followed) * 1440) / 1440,
            "decided": days <= followed,
        }
    )


def survival_table() -> Table:
    """Seconds of both, the ratio, and how far the curves lie apart at most."""
    cases = simulated_cases(CASES)
    curves, ours_s, ours_cpu_s = _ours(cases)
    groups = list(cases.partition_by(GROUP, as_dict=True).items())
    sample_s, sample_cpu_s, apart = _theirs(groups[:SAMPLE], curves)
    scale, done = len(groups) / SAMPLE, SAMPLE
    theirs_s, theirs_cpu_s = sample_s * scale, sample_cpu_s * scale
    if theirs_s < WHOLE_UP_TO_S:
        theirs_s, theirs_cpu_s, apart = _theirs(groups, curves)
        done = len(groups)
    title = (
        f"Kaplan–Meier curves of {len(groups):,} groups, {CASES:,} cases; "
        f"S(t) of {done:,} groups compared, largest difference {apart:.1e}"
    )
    table = Table("", "wall s", "CPU s", title=title, box=box.MARKDOWN, title_justify="left")
    fits = f"lifelines, a fit a group ({f'all {done:,}' if done == len(groups) else f'from {done:,} groups'})"
    table.add_row("transforms.statistics.risk_sets", f"{ours_s:.2f}", f"{ours_cpu_s:.2f}")
    table.add_row(fits, f"{theirs_s:.1f}", f"{theirs_cpu_s:.1f}")
    table.add_row("lifelines / ours", f"{theirs_s / ours_s:.0f}", f"{theirs_cpu_s / ours_cpu_s:.0f}")
    return table


def _ours(cases: pl.DataFrame) -> tuple[pl.DataFrame, float, float]:
    """The curves, and the shortest of some repetitions in wall and CPU seconds."""
    times = []
    for _ in range(_REPETITIONS):
        wall, cpu = perf_counter(), process_time()
        curves = _curves(cases)
        times.append((perf_counter() - wall, process_time() - cpu))
    return curves, *min(times)


def _curves(cases: pl.DataFrame) -> pl.DataFrame:
    """branch, month, t, survival and its Greenwood variance, a row a distinct time, as KPIs have their curves."""
    number = cases["branch"] * MONTHS + cases["month"]
    kind = np.where(cases["decided"].to_numpy(), EVENT, CENSORED)
    sets = RiskSets.of(number.to_numpy(), BRANCHES * MONTHS, Coded.of(cases["days"].to_numpy(), kind))
    steps, position = sets.every_step
    survival, group = sets.survival_after_each, sets.groups[position]
    figures = {
        "branch": group // MONTHS,
        "month": group % MONTHS,
        "t": sets.t,
        "survival": survival,
        "greenwood_var": survival**2 * sets.hazard_var(steps, position),
    }
    # At one time decisions come before what is censored: what stands after the last step holds.
    return pl.DataFrame(figures).unique(["branch", "month", "t"], keep="last", maintain_order=True)


def _theirs(
    groups: Iterable[tuple[tuple[object, ...], pl.DataFrame]], curves: pl.DataFrame
) -> tuple[float, float, float]:
    """Wall and CPU seconds of a loop of fits, and the largest difference of S(t) to our curves."""
    from lifelines import KaplanMeierFitter

    ours = curves.partition_by(GROUP, as_dict=True)
    wall_s, cpu_s, apart = 0.0, 0.0, 0.0
    for key, group in groups:
        days, decided = group["days"].to_numpy(), group["decided"].to_numpy()
        wall, cpu = perf_counter(), process_time()
        fit = KaplanMeierFitter().fit(days, decided)
        survival = fit.survival_function_
        wall_s, cpu_s = wall_s + perf_counter() - wall, cpu_s + process_time() - cpu
        curve = ours[key].sort("t")
        at = survival.iloc[:, 0].reindex(curve["t"].to_numpy()).to_numpy()
        apart = max(apart, float(np.abs(at - curve["survival"].to_numpy()).max()))
    return wall_s, cpu_s, apart
