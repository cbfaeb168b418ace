"""KPIs whose formulas are equal are measured together."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from transforms.kpi.measured import Figures, Series
from transforms.kpi.measures import PerExposure
from transforms.kpi.registry import registry
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
