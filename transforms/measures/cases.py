"""The cases behind a KPI: the last step of the drill from the index to the KPI, the branch and its cases.

Which cases count and what each adds is the registry's word, so the cases of a record sum to it; how records are
made is `records.py`.
"""

from datetime import date

import polars as pl

from transforms.measures.definition import Kpi, quantile_figures
from transforms.vocabulary import CASES, Basis

CASE_COLUMNS = ("case_numerator", "case_denominator", "case_value")


def has_cases(kpi: Kpi) -> bool:
    """Whether a month's record is made of cases of that month: not of a stock, a curve, or months of issue."""
    return kpi.measure.family == "cases" and not kpi.issue_months


def kpi_cases(fact: pl.LazyFrame, kpi: Kpi, basis: Basis, as_of: date) -> pl.LazyFrame:
    """The rows of the fact that count in the KPI, with period and what each adds: CASE_COLUMNS.

    `period` is the first day of the month that the basis places a case in. Numerators and denominators sum to
    those of the record of any segment, a row adding those of all `cases` it stands for; `case_value` is the KPI of
    one case alone, such as its days where the KPI is a quantile. A denominator that is an exposure is no case's.
    Raises ValueError for a KPI without cases of its own, or without the basis.
    """
    if not has_cases(kpi):
        raise ValueError(f"{kpi.code} is not made of the cases of one month; its rows are in {kpi.fact}")
    if basis not in kpi.dates:
        raise ValueError(f"{kpi.code} has no basis {basis}; it has {', '.join(kpi.dates)}")
    statistics = kpi.measure.statistics(as_of)
    alone = {name: s.cases.cast(pl.Float64) for name, s in statistics.items()}
    for name in [name for name, s in statistics.items() if s.q is not None]:
        _, n, low, high = quantile_figures(name)
        number = pl.when(alone[name].is_not_null()).then(1.0)
        alone |= {n: number, low: pl.lit(None), high: pl.lit(None)}
    columns = fact.collect_schema()
    record = kpi.measure.record(lambda name: alone[name])
    known = {
        f"case_{name}": record[name]
        if set(record[name].meta.root_names()) <= set(columns)
        else pl.lit(None, dtype=pl.Float64)
        for name in ("numerator", "denominator", "value")
    }
    if CASES in columns and columns[CASES].is_integer():
        alike = pl.col(CASES).fill_null(1).cast(pl.Float64)
        known |= {name: known[name] * alike for name in ("case_numerator", "case_denominator")}
    return (
        fact.filter(kpi.counted_in_month(kpi.dates[basis]), pl.col(kpi.dates[basis]).is_not_null())
        .with_columns(period=pl.col(kpi.dates[basis]).dt.truncate("1mo"))
        .with_columns(expression.cast(pl.Float64).alias(name) for name, expression in known.items())
        .filter(pl.any_horizontal(pl.col(name).is_not_null() for name in CASE_COLUMNS))
    )
