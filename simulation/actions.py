"""Actions and targets: what the insurer says it does about its service, and what it aims at.

One action is true: the new claims system of the branch whose process changed, for the worse. The others change nothing.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from simulation.clock import MONTH_STARTS, NEVER, Window, month_label
from simulation.columns import dates, numbered
from simulation.organisation import Organisation

KINDS = ("TRN", "PRC", "STF", "SYS")
# What is aimed at where, with the months of the KPI that count.
AIMED = (
    ("claim_decided_within_30_days_share", "cohort", 0.95),
    ("complaint_on_time_share", "cohort", 0.95),
    ("audit_passed_share", "period", 0.90),
    ("call_answered_within_20_seconds_share", "cohort", 0.80),
)
TITLES = ("Training of the team", "New way of working", "More people on the desk", "Change of the system")
ACTIONS_A_YEAR, MOST_ANSWER_DAYS = 18, 40
DONE_SHARE, IN_TIME_SHARE = 0.85, 0.75
# The month before the process changed its new system was introduced.
CHANGED_KPI, CHANGED = "claim_decided_within_30_days_share", "A-SYSTEM"


def action_rows(
    complaints: pl.DataFrame, window: Window, org: Organisation, rng: np.random.Generator
) -> pl.DataFrame:
    """The feed of actions, in the columns of the source system; half of them answer one of `complaints`."""
    count = round(window.months / 12 * ACTIONS_A_YEAR)
    first = int(MONTH_STARTS[window.first_month])
    opened = rng.integers(first, window.as_of_day + 1, count)
    due = opened + rng.integers(20, 90, count)
    late = np.where(
        rng.random(count) < IN_TIME_SHARE, -rng.integers(0, 15, count), rng.integers(1, 40, count)
    )
    done = np.where(rng.random(count) < DONE_SHARE, np.maximum(due + late, opened), NEVER)
    aimed, kind = rng.integers(0, len(AIMED), count), rng.integers(0, len(KINDS), count)
    answered = _answered(complaints, opened, rng)
    rows = pl.DataFrame(
        {
            "action": numbered("A", count),
            "what": pl.Series(TITLES)[kind],
            "kind": pl.Series(KINDS)[kind],
            "opened": dates(opened),
            "kpi": pl.Series([kpi for kpi, _, _ in AIMED])[aimed],
            "basis": pl.Series([basis for _, basis, _ in AIMED])[aimed],
            "level": pl.repeat("org_unit", count, eager=True),
            "branch": pl.Series(org.codes)[rng.integers(0, len(org.codes), count)],
            "reason": pl.Series(["complaint" if one else "review" for one in answered]),
            "desk": pl.Series(["quality", "claims", "complaints"])[rng.integers(0, 3, count)],
            "due": dates(due),
            "done": dates(np.where(done > window.as_of_day, NEVER, done)),
            "target": pl.Series([value for _, _, value in AIMED])[aimed],
            "check_after": np.full(count, 3),
            "answers": pl.Series(answered, dtype=pl.String),
        }
    )
    if org.changed_month > window.last_month:
        return rows
    introduced = int(MONTH_STARTS[org.changed_month]) - 15
    true = {
        "action": [CHANGED], "what": ["New claims system"], "kind": ["SYS"],
        "opened": dates(np.array([introduced - 120])), "kpi": [CHANGED_KPI], "basis": ["cohort"],
        "level": ["org_unit"], "branch": [org.codes[org.changed_branch]], "reason": ["review"], "desk": ["claims"],
        "due": dates(np.array([introduced + 5])), "done": dates(np.array([introduced])), "target": [0.97],
        "check_after": [3], "answers": pl.Series([None], dtype=pl.String),
    }  # fmt: skip
    return pl.concat([rows, pl.DataFrame(true)])


def _answered(complaints: pl.DataFrame, opened: np.ndarray, rng: np.random.Generator) -> list[str | None]:
    """A complaint of the weeks before for every second action; none where there was none."""
    received = complaints["receivedOn"].cast(pl.Int32).to_numpy()
    order = np.argsort(received, kind="stable")
    place = np.searchsorted(received[order], opened - rng.integers(2, MOST_ANSWER_DAYS, len(opened)))
    wanted = (rng.random(len(opened)) < 0.5) & (place < len(order))
    wanted[wanted] &= received[order[place[wanted]]] <= opened[wanted]
    ids = complaints["id"].to_list()
    return [ids[order[at]] if one else None for at, one in zip(place, wanted, strict=True)]


def target_rows(window: Window) -> pl.DataFrame:
    """The feed of targets: the same for each branch and for the company, by year."""
    years = sorted({int(month_label(month)[:4]) for month in window.observed})
    rows = [
        (kpi, basis, cut, segment, year, value, 0.02)
        for kpi, basis, value in AIMED
        for cut, segment in (("org_unit", "all"), ("company", "company"))
        for year in years
    ]
    columns = ["kpi", "basis", "cut", "segment", "year", "target", "corridor"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def action_truth(kpis: Mapping, window: Window, org: Organisation) -> dict:
    """Of the action that changed something: its KPI's expected change less that of the other branches."""
    told, branch = kpis[CHANGED_KPI]["org_unit"], org.codes[org.changed_branch]
    at = org.changed_month - window.first_month
    if not 0 < at < window.months:
        return {}
    parts = {
        side: np.sum([row[side] for code, row in told.items() if code != branch], axis=0)
        for side in ("numerator", "denominator")
    }
    own = np.array(told[branch]["numerator"]) / np.array(told[branch]["denominator"])
    apart = own - parts["numerator"] / parts["denominator"]
    return {CHANGED: {"kpi": CHANGED_KPI, "effect": round(float(apart[at:].mean() - apart[:at].mean()), 6)}}
