"""`python -m benchmarks`: the job of this project side by side with its peers, survival curves
and the index's robustness with theirs.

Whole runs, then a day more, then a day that brings nothing. Feeds are simulated once a size and kept in `.work` beside
this file; nothing is asserted about speed, but results that differ end it with status 1, because only what agrees is
compared.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from benchmarks import contenders as field
from benchmarks.compare import Comparison, compared
from benchmarks.insurer import simulated
from benchmarks.measure import Contender, RunFailed, in_turn
from benchmarks.report import agreement_table, console, machine, measurement_table

WORK = Path(__file__).with_name(".work")
SIZES = (20_000,)
SURVIVAL, INDEX = "survival", "index"
OUT = console()


def main() -> int:
    """Run what the command line asks for; 0 if all results agreed."""
    asked = _arguments()
    names = set(asked.only or (*field.NAMES, field.DAYS, SURVIVAL, INDEX))
    OUT.print(machine(), soft_wrap=True)
    agreed = True
    if names & set(field.NAMES):
        for policies in asked.policies or SIZES:
            agreed &= _compare(asked, policies, names)
    if SURVIVAL in names:
        from benchmarks.survival import survival_table

        OUT.print()
        OUT.print(survival_table())
    if INDEX in names:
        from benchmarks.index import index_tables

        for table in index_tables():
            OUT.print()
            OUT.print(table)
    return 0 if agreed else 1


def _compare(asked: argparse.Namespace, policies: int, names: set[str]) -> bool:
    """Measure the programs on an insurer of one size; whether their results agree."""
    WORK.mkdir(exist_ok=True)
    OUT.print(f"\n{policies:,} policies, {asked.months} months, seed {asked.seed}")
    project = simulated(WORK, policies, asked.months, asked.seed)
    stages = field.stages(names, project, asked.months)
    comparisons: dict[tuple[str, str], Comparison] = {}
    results = in_turn(
        stages,
        field.ROOT,
        project,
        warm_ups=asked.warm_ups,
        runs=asked.runs,
        say=OUT.print,
        # What a stage leaves behind is gone after the next.
        after=lambda stage: comparisons.update(_comparisons(stage)),
    )
    title = f"{policies:,} policies, {asked.months} months, median of {asked.runs} after {asked.warm_ups} warm-up(s)"
    OUT.print()
    OUT.print(measurement_table(title, [one for stage in stages for one in stage], results, field.RATIOS))
    if comparisons:
        OUT.print(agreement_table(comparisons))
    return all(found.agrees for found in comparisons.values())


def _comparisons(stage: Sequence[Contender]) -> dict[tuple[str, str], Comparison]:
    """Of every two programs with results of their own; two runs on one warehouse leave one."""
    pairs = [(one, other) for one, other in combinations(stage, 2) if one.result != other.result]
    return {(one.title, other.title): compared(one.result, other.result) for one, other in pairs}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--policies", type=int, nargs="+", help="sizes of the insurer (20000)")
    parser.add_argument("--months", type=int, default=36, help="months of KPIs (36)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the simulation (7)")
    parser.add_argument(
        "--only", nargs="+", choices=(*field.NAMES, field.DAYS, SURVIVAL, INDEX), help="run only these"
    )
    parser.add_argument("--runs", type=int, default=1, help="counted runs (1)")
    parser.add_argument("--warm-ups", type=int, default=0, help="runs before that (0)")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RunFailed as error:
        sys.exit(str(error))
