"""The KPIs of customer surveys: SERVPERF, SERVQUAL gaps, satisfaction, effort, and the net promoter score."""

from typing import Any

import polars as pl

from transforms.kpi.definition import Kpi
from transforms.kpi.measures import Mean, MeanOfMeans, NetPromoter, Share
from transforms.kpi.survey_measures import AllocationMean

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
    *(
        Kpi(
            code=code,
            title=title,
            fact="core.survey_scores",
            measure=AllocationMean(column, "importance_mean", by="dimension", groups=DIMENSIONS),
            unit=unit,
            population=CUSTOMERS,
            minimum=30,
            source=source,
            **_ANSWERED,
        )
        for code, title, column, unit, source in (
            (
                "servqual_weighted_gap_points",
                "SERVQUAL gap, weighted by the customers' allocation",
                "gap_points",
                "points",
                "Parasuraman, Zeithaml & Berry 1988: Σ w (P − E), w from 100 points allotted to the dimensions",
            ),
            (
                "servperf_weighted_score",
                "SERVPERF, weighted by the customers' allocation, 0–100",
                "perception_score",
                "score_0_100",
                "Cronin & Taylor 1992: Σ w P, w from 100 points allotted to the dimensions",
            ),
            (
                "csi_score",
                "Customer satisfaction index, 0–100",
                "satisfaction_score",
                "score_0_100",
                "Satisfaction by dimension weighted by importance, lowest answer 0 (not divided by the maximum)",
            ),
        )
    ),
    Kpi(
        code="satisfaction_score",
        title="Overall satisfaction, 0–100",
        fact="core.survey_responses",
        measure=Mean("satisfaction_score"),
        unit="score_0_100",
        population=CUSTOMERS & pl.col("satisfaction_score").is_not_null(),
        minimum=30,
        source="Mean answer rescaled, (x − min) / (max − min) · 100",
        **_ANSWERED,
    ),
    Kpi(
        code="satisfied_share",
        title="Satisfied customers, 75 of 100 and more",
        fact="core.survey_responses",
        measure=Share(
            of=pl.col("satisfaction_score") >= 75, among=pl.col("satisfaction_score").is_not_null()
        ),
        unit="share",
        population=CUSTOMERS & pl.col("satisfaction_score").is_not_null(),
        minimum=30,
        source="Top-two box of a scale of five",
        **_ANSWERED,
    ),
    Kpi(
        code="ces_score",
        title="Customer effort score, 1–7, 7 is easy",
        fact="core.survey_responses",
        measure=Mean("ces_score"),
        unit="points",
        population=CUSTOMERS & pl.col("ces_score").is_not_null(),
        minimum=30,
        source="Dixon, Freeman & Toman 2010, in the form of agreement that it was easy",
        **_ANSWERED,
    ),
    Kpi(
        code="ces_easy_share",
        title="Customers who found it easy, 5 and more of 7",
        fact="core.survey_responses",
        measure=Share(of=pl.col("ces_score") >= 5, among=pl.col("ces_score").is_not_null()),
        unit="share",
        population=CUSTOMERS & pl.col("ces_score").is_not_null(),
        minimum=30,
        source="Dixon, Freeman & Toman 2010, in the form of agreement that it was easy",
        **_ANSWERED,
    ),
)
