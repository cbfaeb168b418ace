"""The families of measures, each by its name in `Measure.family`: what finds figures of cases, stocks and curves.

Rates are measures of cases with an exposure, which is a number of a stock; measures of surveys are of cases as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from transforms.measures.case_figures import CaseFigures
from transforms.measures.curve_figures import CurveFigures
from transforms.measures.definition import Flow
from transforms.measures.figures import Family, Scope, States
from transforms.measures.stock_figures import StockFigures
from transforms.periods import without_rolling


@dataclass(frozen=True)
class Families:
    """Each family by its name, and that of stocks, which others are held against."""

    by_name: Mapping[str, Family]
    stocks: StockFigures

    @classmethod
    def of(cls, scope: Scope, states: States, is_recorded: Callable[[Flow], bool]) -> "Families":
        """Those of a scope; stocks that are not recorded are no exposure of cases."""
        stocks = StockFigures(scope, states, is_recorded)
        apart = replace(scope, periods=without_rolling(scope.periods))
        cases, curves = CaseFigures(scope, states, stocks), CurveFigures(apart, states)
        return cls({"stocks": stocks, "cases": cases, "curves": curves}, stocks)
