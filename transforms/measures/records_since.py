"""What is kept of a day on which records were made, and what has become of facts since: enough to make the others anew.

Which records those are is found in `wanted.py`; how records are made is `records.py`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from hashlib import sha256

import polars as pl

from transforms.measures.case_sources import CaseSource, Counted, Filled
from transforms.measures.definition import Kpi
from transforms.measures.segments import COMPANY, Division, weights_of
from transforms.periods import MONTH
from transforms.settings import Settings

SEGMENT_ROWS = {"fact": pl.String, "cut": pl.String, "segment": pl.String, "rows": pl.Int64}
FILLED = {"fact": pl.String, "column": pl.String, "rows": pl.Int64}
PERIOD_KEY = ["grain", "starts_on", "ends_on"]
RECORD_KEY = ["kpi", "basis", "grain", "period", "cut", "segment"]
# Texts of a KPI, and functions whose results it has already: nothing that its records are made by.
_TOLD = {"title", "source", "definition", "formula", "counts", "leaves_out", "seldom", "example", "by_rules"}


@dataclass(frozen=True)
class Change:
    """Rows that a fact has no more, and rows that it did not have: of one that changed, the old and the new."""

    removed: pl.LazyFrame
    added: pl.LazyFrame


@dataclass(frozen=True, eq=False)
class Kept:
    """What has to be known of a day on which all records were made, beside the records.

    `segment_rows` (fact, cut, segment) and `filled` (fact, column) say how many rows of facts were in which segment of
    the `cuts`, and cases in the company, and had what filled; `periods` which had records, and `recipes` (kpi, basis,
    recipe) by what those of a series were made.
    """

    as_of: date
    cuts: tuple[str, ...]
    segment_rows: pl.DataFrame
    filled: pl.DataFrame
    periods: pl.DataFrame
    recipes: pl.DataFrame

    def rows(self, fact: str) -> dict[str, Counter[str | None]]:
        """How many rows of a fact were in which segment of each cut."""
        found: dict[str, Counter[str | None]] = {}
        own = self.segment_rows.filter(pl.col("fact") == fact)
        for cut, segment, rows in own.select("cut", "segment", "rows").iter_rows():
            found.setdefault(cut, Counter())[segment] = rows
        return found

    def n_cases(self, fact: str) -> int:
        """How many cases it had."""
        return self.rows(fact).get(COMPANY, Counter())[COMPANY]


@dataclass(frozen=True, eq=False)
class Records:
    """Records made `anew`, those of all `segments` if they are all, and what is `kept` for another day."""

    anew: pl.DataFrame
    segments: pl.DataFrame
    kept: Kept

    def standing(self, before: pl.DataFrame) -> pl.DataFrame:
        """Those of an earlier day that hold on."""
        periods = self.kept.periods.select("grain", period="starts_on")
        return (
            before.join(self.kept.recipes, on=["kpi", "basis"], how="semi")
            .join(periods, on=["grain", "period"], how="semi")
            .join(self.segments, on=["cut", "segment"], how="semi")
            .join(self.anew, on=RECORD_KEY, how="anti")
            .with_columns(pl.lit(self.kept.as_of).alias("as_of"))
        )


@dataclass(frozen=True, eq=False)
class Since:
    """What is kept of an earlier day, and the changes of facts by their tables: of one not among them, none is known.

    A fact that did not change has two empty frames.
    """

    kept: Kept
    changes: Mapping[str, Change]

    def counted(self, settings: Settings) -> Counted:
        """What is known of facts without reading them."""
        filled: Counter[tuple[str, str]] = Counter()
        for (fact,), own in self.kept.filled.group_by("fact"):
            if fact in self.changes:
                filled.update(
                    {(fact, column): rows for column, rows in own.select("column", "rows").iter_rows()}
                )
                counts = pl.col(own["column"].to_list()).count()
                gone, new = (part.select(counts).collect().row(0, named=True) for part in self._parts(fact))
                filled.update({(fact, column): new[column] - gone[column] for column in own["column"]})
        return Counted({fact: self._rows(fact, settings.cuts) for fact in self.changes}, filled)

    def _rows(self, fact: str, cuts: Sequence[str]) -> dict[str, dict[str | None, int]]:
        weight = weights_of({fact: self.changes[fact].added}).get(fact)
        gone, new = (Division.of(part, cuts, weight).rows for part in self._parts(fact))
        before, found = self.kept.rows(fact), {}
        for cut in new:
            now = before.get(cut, Counter())
            now.update(new[cut])
            now.subtract(gone[cut])
            found[cut] = {segment: rows for segment, rows in now.items() if rows}
        return found

    def _parts(self, fact: str) -> tuple[pl.LazyFrame, pl.LazyFrame]:
        return self.changes[fact].removed, self.changes[fact].added


def kept_of(
    as_of: date, cases: CaseSource, filled: Filled, periods: pl.DataFrame, recipes: pl.DataFrame
) -> Kept:
    """What is to be kept of a day on which all records have been made of the cases."""
    rows = [
        (fact, cut, segment, count)
        for fact, own in cases.rows.items()
        for cut, segments in own.items()
        for segment, count in segments.items()
        if count
    ]
    return Kept(
        as_of,
        tuple(cases.settings.cuts),
        pl.DataFrame(rows, schema=SEGMENT_ROWS, orient="row"),
        pl.DataFrame([(*key, count) for key, count in filled.items()], schema=FILLED, orient="row"),
        with_grain(periods).select(PERIOD_KEY),
        recipes,
    )


def with_grain(periods: pl.DataFrame) -> pl.DataFrame:
    """Periods with their grain, which is a month if they have none."""
    return periods if "grain" in periods.columns else periods.with_columns(grain=pl.lit(MONTH))


def recipe_of(kpi: Kpi, *rest: object) -> str:
    """What tells whether two records of a KPI were made in the same way: all that it says, but its texts, and the rest.

    What it says is computed by our own code, which is not looked at here.
    """
    said = {f.name: getattr(kpi, f.name) for f in fields(kpi) if f.name not in _TOLD}
    return sha256(repr([_content(said), _content(rest)]).encode()).hexdigest()[:20]


def _content(value: object) -> object:
    if isinstance(value, pl.Expr):
        return value.meta.serialize()
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, [(f.name, _content(getattr(value, f.name))) for f in fields(value)]
    if isinstance(value, Mapping):
        return [(name, _content(part)) for name, part in value.items()]
    return [_content(part) for part in value] if isinstance(value, tuple | list) else value
