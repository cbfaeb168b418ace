"""Places: the segments of every cut, numbered, so that cases are grouped by one small number.

What is added up there is `records.py` and `stocks.py`; here are only the numbers and the adding up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

COMPANY = "company"
PLACE = pl.UInt16
# Sums are taken in decimals: those of floats depend on the order of rows, and a rerun must change no number.
EXACT = pl.Decimal(38, 12)
# Cuts are added up from common cells only if there are so many times fewer cells than rows.
FEWER = 8


def place_of(cut: str) -> str:
    """Name of the column that says in which segment of a cut a case is."""
    return f"place_of_{cut}"


@dataclass(frozen=True)
class Places:
    """Every segment of every cut: `frame` has cut, segment and place, its number; the company is 0."""

    frame: pl.DataFrame

    @classmethod
    def of(cls, facts: Mapping[str, pl.LazyFrame], cuts: Sequence[str]) -> "Places":
        """The segments that occur in any fact, in the order of the cuts and by name."""
        parts = [pl.DataFrame({"cut": [COMPANY], "segment": [COMPANY]})]
        for cut in cuts:
            names = [
                frame.select(pl.col(cut).alias("segment")).unique()
                for frame in facts.values()
                if cut in frame.collect_schema()
            ]
            if names:
                found = pl.concat(pl.collect_all(names)).unique().drop_nulls().sort("segment")
                parts.append(found.select(pl.lit(cut).alias("cut"), "segment"))
        return cls(pl.concat(parts).with_row_index("place").cast({"place": PLACE}))

    def cuts_of(self, fact: pl.LazyFrame) -> list[str]:
        """The cuts that divide a fact: the company, and those it has a column for."""
        columns = {COMPANY, *fact.collect_schema()}
        return [cut for cut in self.frame["cut"].unique(maintain_order=True) if cut in columns]

    def placed(self, fact: pl.LazyFrame) -> pl.LazyFrame:
        """The fact with the place of every case in each of its cuts, worked out once."""
        return fact.collect().with_columns(self._place(cut) for cut in self.cuts_of(fact)).lazy()

    def _place(self, cut: str) -> pl.Expr:
        own = self.frame.filter(pl.col("cut") == cut)
        if cut == COMPANY:
            return pl.lit(0, PLACE).alias(place_of(cut))
        number = pl.col(cut).cast(pl.Enum(own["segment"])).to_physical().cast(PLACE)
        return (number + pl.lit(own["place"][0], PLACE)).alias(place_of(cut))

    def added(
        self, rows: pl.DataFrame, by: Sequence[str], columns: Sequence[str], cuts: Sequence[str]
    ) -> pl.DataFrame:
        """Sums of columns (of flags: how many are set), one row of `by` and place for each cut of `rows`.

        Cuts of few segments are added up from cells common to them, which is the same and much faster.
        """
        rows = rows.with_columns(_exact(rows, columns))
        common = self._common(rows, by, cuts)
        cells = _sums(rows, [*by, *(place_of(cut) for cut in common)], columns)
        sums = [_sums(cells, by, columns).with_columns(place=pl.lit(0, PLACE))]
        for cut in cuts:
            if cut != COMPANY:
                of_cut = _sums(cells if cut in common else rows, [*by, place_of(cut)], columns)
                sums.append(of_cut.rename({place_of(cut): "place"}))
        return pl.concat(sums, how="diagonal")

    def _common(self, rows: pl.DataFrame, by: Sequence[str], cuts: Sequence[str]) -> list[str]:
        """The cuts to bring together in cells: those of the fewest segments, while cells stay few."""
        sizes = {cut: n for cut, n in self.frame.group_by("cut").len().iter_rows() if cut in cuts}
        cells = rows.select(pl.struct(by).n_unique()).item()
        common: list[str] = []
        for cut in sorted(sizes, key=lambda cut: (sizes[cut], cut)):
            cells *= sizes[cut]
            if cut != COMPANY and (not common or cells * FEWER <= rows.height):
                common.append(cut)
        return common


def _exact(rows: pl.DataFrame, columns: Sequence[str]) -> list[pl.Expr]:
    """Casts to types whose sums do not depend on the order of rows and do not overflow."""
    casts = []
    for name in columns:
        dtype = rows.schema[name]
        if dtype.is_integer():
            casts.append(pl.col(name).cast(pl.Int64))
        elif dtype.is_float():
            casts.append(pl.col(name).cast(EXACT))
    return casts


def _sums(rows: pl.DataFrame, by: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
    flags = [name for name in columns if rows.schema[name] == pl.Boolean]
    others = [name for name in columns if name not in flags]
    sums = rows.lazy().group_by(by).agg(pl.col(flags).sum().cast(pl.Int64), pl.col(others).sum())
    # Many groups of many columns: the streaming engine takes a third of the time.
    return sums.collect(engine="streaming")
