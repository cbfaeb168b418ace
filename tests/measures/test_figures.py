"""KPIs whose formulas are equal are measured together."""

import sys
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from orchestration.models import models
from transforms.kpi.declared_needs import asked_of_feeds, declared_needs
from transforms.kpi.every_period import READS
from transforms.kpi.registry import registry
from transforms.measures.figures import Figures, Series
from transforms.measures.rates import PerExposure
from transforms.measures.records import kpi_records
from transforms.periods import month_periods
from transforms.settings import Settings

KPIS = registry(Settings(time_zone="UTC"))


def figures(kpi) -> Figures:
    one = np.ones((1, 1))
    return Figures(Series(0, kpi, "cohort"), np.array([0]), np.array([0]), {"n": one})


def test_formulas_are_told_apart_without_a_further_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polars would ask cloudpickle, which a plain installation lacks, to write down functions in expressions."""
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    assert len({figures(kpi).formula for kpi in KPIS}) < len(KPIS) / 2


def test_formulas_that_differ_in_a_far_digit_are_not_equal() -> None:
    kpi = next(kpi for kpi in KPIS if isinstance(kpi.measure, PerExposure))
    other = replace(kpi, measure=replace(kpi.measure, per=kpi.measure.per * (1 + 1e-12)))
    assert figures(kpi).formula == figures(replace(kpi)).formula != figures(other).formula


def test_every_kpi_of_facts_without_a_row_has_records_without_a_value() -> None:
    """As of a project whose records are all older than its months, although everything is recorded."""
    settings, as_of = Settings(time_zone="UTC", months=1, cuts=("company",)), date(2025, 6, 30)
    facts = {table: pl.LazyFrame(schema=models()[table].model.schema) for table in READS.values()}
    recorded = pl.DataFrame({"item": sorted(asked_of_feeds(settings))}).with_columns(
        recorded_from=date(2020, 1, 1)
    )
    months = month_periods([as_of.replace(day=1)])
    found = kpi_records(
        facts, KPIS, months, as_of=as_of, settings=settings, needs=declared_needs(settings), recorded=recorded
    )
    assert set(found["kpi"]) == {kpi.code for kpi in KPIS}
    assert set(found["value"].unique()) <= {None, 0.0}
