"""The families of measures: what finds the figures of cases, of stocks and of curves."""

from collections.abc import Callable, Mapping

from transforms.measures import definition
from transforms.measures.case_figures import CaseFigures
from transforms.measures.curve_figures import CurveFigures
from transforms.measures.figures import Family, Scope, States
from transforms.measures.stock_figures import StockFigures


def families(
    scope: Scope, states: States, is_recorded: Callable[[definition.Flow], bool]
) -> Mapping[definition.Family, Family]:
    """Each family by its name; stocks that are not recorded are no exposure of cases."""
    stocks = StockFigures(scope, states, is_recorded)
    return {
        "cases": CaseFigures(scope, states, stocks),
        "stocks": stocks,
        "curves": CurveFigures(scope, states),
    }
