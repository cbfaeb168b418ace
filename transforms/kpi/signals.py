"""kpi.signals: is a month unlike the months before it.

How limits are set is in `transforms/measures/ordinary_variation.py`.
"""

import polars as pl

from transforms.kpi.registry import registry
from transforms.measures.ordinary_variation import HAS_VALUE, SERIES, SIGNALS, charted
from transforms.model import transform


@transform(
    writes="kpi.signals",
    reads={"kpi_monthly": "kpi.monthly"},
    takes={"kpi_monthly": HAS_VALUE},
    keys=SERIES,
    grain=(*SERIES, "period"),
    columns=SIGNALS,
)
def signals(kpi_monthly: pl.LazyFrame) -> pl.LazyFrame:
    """One row per published value of a KPI: the limits of its ordinary variation and whether it is a signal."""
    windows = {kpi.code: kpi.issue_months for kpi in registry() if kpi.issue_months > 1}
    return charted(kpi_monthly, window_months=windows)
