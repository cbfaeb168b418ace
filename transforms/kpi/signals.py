"""kpi.signals: is a month unlike the months before it.

How limits are set is in `transforms/measures/ordinary_variation.py`.
"""

from datetime import date

import polars as pl

from transforms.kpi.registry import registry
from transforms.measures.ordinary_variation import SERIES, SIGNALS, signals
from transforms.model import transform
from transforms.settings import Settings


@transform(
    writes="kpi.signals",
    reads={"kpi_monthly": "kpi.monthly"},
    keys=SERIES,
    grain=(*SERIES, "period"),
    columns=SIGNALS,
)
def kpi_signals(kpi_monthly: pl.LazyFrame, *, as_of: date, settings: Settings) -> pl.LazyFrame:
    """One row a published value of a KPI: the limits of its ordinary variation and whether it is a signal."""
    del as_of, settings
    windows = {kpi.code: kpi.issue_months for kpi in registry() if kpi.issue_months > 1}
    return signals(kpi_monthly, window_months=windows)
