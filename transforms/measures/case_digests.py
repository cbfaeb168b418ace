"""The cases of units before anything is drawn from them: whether they are those they were, and those of few months.

How they are drawn is `resampled_cases.py`.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

import polars as pl
import polars.selectors as cs

from transforms.measures.resampled_cases import CLUSTERS, CaseLeaf, case_leaf, placed_cases
from transforms.measures.segments import Facts
from transforms.vocabulary import CASES

CASES_DIGEST = "cases_digest"
_SCHEMA = {"cut": pl.String, "segment": pl.String, "period": pl.Date, CASES_DIGEST: pl.UInt64}


def distinct_leaves(leaves: Iterable[CaseLeaf], as_of: date) -> list[CaseLeaf]:
    """The leaves of several frameworks, each KPI and date once, for whoever looks at their cases together."""
    found = {(leaf.kpi.code, leaf.placed_on): leaf.kpi for leaf in leaves}
    return [case_leaf(i, kpi, day, as_of) for i, ((_, day), kpi) in enumerate(found.items())]


def case_digests(leaves: Sequence[CaseLeaf], facts: Facts, cuts: Collection[str]) -> pl.DataFrame:
    """A digest of the cases of every unit that has any: cut, segment, period, cases_digest.

    Whatever their order; that of one unit depends on its own cases alone.
    """
    parts = [pl.DataFrame(schema=_SCHEMA)]
    for fact in sorted({leaf.kpi.fact for leaf in leaves}):
        columns = facts[fact].collect_schema()
        own = [cut for cut in cuts if cut == "company" or cut in columns]
        for names, rows in placed_cases([leaf for leaf in leaves if leaf.kpi.fact == fact], facts, own):
            case = pl.struct(["customer", cs.by_name(CASES, require_all=False), *names]).hash()
            hashed = rows.select(*own, "period", case=case).collect()
            # The columns are those of a fact and a date alone, and tell where its cases were placed.
            digest = pl.struct(pl.lit(" ".join(names)), pl.col("case")).hash().alias(CASES_DIGEST)
            parts += [
                hashed.group_by(segment=cut, period="period")
                .agg(pl.col("case").sum())
                .select(pl.lit(cut).alias("cut"), "segment", "period", digest)
                for cut in own
            ]
    return pl.concat(parts).group_by("cut", "segment", "period").agg(pl.col(CASES_DIGEST).sum())


def cases_of_months(
    leaves: Sequence[CaseLeaf], facts: Facts, months: pl.Series, cuts: Collection[str]
) -> Facts:
    """The facts' rows that are cases of some months, read once: for whoever asks for them cut by cut."""
    found = {}
    for fact in {leaf.kpi.fact for leaf in leaves}:
        own, there = [leaf for leaf in leaves if leaf.kpi.fact == fact], set(facts[fact].collect_schema())
        asked = {leaf.placed_on for leaf in own} | {*CLUSTERS, *cuts, CASES}
        for leaf in own:
            for column in (*leaf.added.values(), *leaf.kept.values()):
                asked.update(column.meta.root_names())
        days = sorted({leaf.placed_on for leaf in own})
        is_placed = (pl.col(day).dt.truncate("1mo").is_in(months.implode()) for day in days)
        rows = facts[fact].filter(pl.any_horizontal(is_placed)).select(sorted(asked & there))
        found[fact] = rows.collect().lazy()
    return found
