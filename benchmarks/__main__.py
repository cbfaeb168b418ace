"""`python -m benchmarks`: the job of this project side by side with its peers, survival curves
and the index's robustness with theirs.

Feeds are simulated once a size and kept in `.work` beside this file; nothing is asserted about speed, but
results that differ end it with status 1, because only what agrees is compared.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from benchmarks import contenders as field
from benchmarks.compare import Comparison, compared
from benchmarks.measure import Contender, RunFailed, in_turn
from benchmarks.report import agreement_table, console, machine, measurement_table

WORK = Path(__file__).with_name(".work")
SIZES = (100_000, 1_000_000)
SURVIVAL, INDEX = "survival", "index"
# From this size on one run each, without a warm-up, is all one waits for.
LARGE = 500_000
OUT = console()


def main() -> int:
    """Run what the command line asks for; 0 if all results agreed."""
    asked = _arguments()
    names = set(asked.only or (*field.NAMES, SURVIVAL, INDEX))
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
    project = field.simulated(WORK, policies, asked.months, asked.seed)
    contenders = field.contenders(names, project)
    large = policies >= LARGE
    warm_ups = asked.warm_ups if asked.warm_ups is not None else int(not large)
    runs = asked.runs or (1 if large else 3)
    results = in_turn(contenders, field.ROOT, project, warm_ups=warm_ups, runs=runs, say=OUT.print)
    comparisons = _comparisons(contenders)
    title = f"{policies:,} policies, {asked.months} months, median of {runs} after {warm_ups} warm-up(s)"
    OUT.print()
    OUT.print(measurement_table(title, contenders, results))
    if comparisons:
        OUT.print(agreement_table(comparisons))
    return all(found.agrees for found in comparisons.values())


def _comparisons(contenders: Sequence[Contender]) -> dict[tuple[str, str], Comparison]:
    pairs = combinations(contenders, 2)
    return {(one.title, other.title): compared(one.result, other.result) for one, other in pairs}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--policies", type=int, nargs="+", help="sizes of the insurer (100000 1000000)")
    parser.add_argument("--months", type=int, default=36, help="months of KPIs (36)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the simulation (7)")
    parser.add_argument("--only", nargs="+", choices=(*field.NAMES, SURVIVAL, INDEX), help="run only these")
    parser.add_argument("--runs", type=int, help=f"counted runs (3; 1 from {LARGE:,} policies on)")
    parser.add_argument("--warm-ups", type=int, help=f"runs before that (1; none from {LARGE:,} policies on)")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RunFailed as error:
        sys.exit(str(error))
