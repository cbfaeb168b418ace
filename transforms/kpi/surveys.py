"""The KPIs of customer surveys: SERVPERF by dimension, the SERVQUAL gap, and the net promoter score."""

from typing import Any

import polars as pl

from transforms.kpi.definition import Kpi
from transforms.kpi.measures import Mean, MeanOfMeans, NetPromoter

DIMENSIONS = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
# A mystery shopper's audit is no customer; a questionnaire filled without reading is left out and counted.
CUSTOMERS = ~pl.col("is_audit")
CARELESS = ~pl.col("is_valid")

_ANSWERED: dict[str, Any] = {
    "direction": 1,
    "dates": {"period": "answered_on"},
    "excluded": CARELESS,
    "suppress_below": 10,
}

KPIS = (
    *(
        Kpi(
            code=f"servperf_{dimension}_score",
            title=f"SERVPERF {dimension}, 0–100",
            fact="core.survey_scores",
            slice=("dimension", dimension),
            measure=Mean("perception_score"),
            unit="score_0_100",
            population=CUSTOMERS & pl.col("perception_score").is_not_null(),
            minimum=30,
            source="Cronin & Taylor 1992: perceptions only, rescaled (x − min) / (max − min) · 100",
            **_ANSWERED,
        )
        for dimension in DIMENSIONS
    ),
    Kpi(
        code="servqual_gap_points",
        title="SERVQUAL gap, mean of the five dimensions",
        fact="core.survey_scores",
        measure=MeanOfMeans("gap_points", by="dimension", groups=DIMENSIONS),
        unit="points",
        population=CUSTOMERS,
        minimum=30,
        source="Parasuraman, Zeithaml & Berry 1988: perception − expectation, mean of respondents' means",
        **_ANSWERED,
    ),
    Kpi(
        code="nps_points",
        title="Net promoter score",
        fact="core.survey_responses",
        measure=NetPromoter("nps_score"),
        unit="points",
        population=CUSTOMERS & pl.col("nps_score").is_not_null(),
        minimum=100,
        source="Reichheld 2003; interval by adjusted Wald",
        **_ANSWERED,
    ),
)
