"""What the cases of a unit are, as a number: where it is the same, so is all that is drawn from them.

The cases are those of `resampled_cases.py`, for which they are told apart here without being drawn.
"""

from collections.abc import Collection, Sequence

import polars as pl
import polars.selectors as cs

from transforms.measures.resampled_cases import CaseLeaf, placed_cases
from transforms.measures.segments import Facts
from transforms.vocabulary import CASES

CASES_DIGEST = "cases_digest"
_SCHEMA = {"cut": pl.String, "segment": pl.String, "period": pl.Date, CASES_DIGEST: pl.UInt64}


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
