"""The KPIs of customer surveys: SERVPERF by dimension, the SERVQUAL gap, and the net promoter score."""

import polars as pl

from transforms.kpi.definition import Example, Kpi
from transforms.kpi.measures import Mean, MeanOfMeans, NetPromoter

DIMENSIONS = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
# A mystery shopper's audit is no customer; a questionnaire filled without reading is left out and counted.
CUSTOMERS = ~pl.col("is_audit")
CARELESS = ~pl.col("is_valid")

# Mean perceptions on a scale from 1 to 7, with which Cronin and Taylor's rescaling is shown.
MEAN_PERCEPTIONS = {
    "tangibles": 5.9,
    "reliability": 5.4,
    "responsiveness": 5.5,
    "assurance": 5.8,
    "empathy": 5.6,
}
_ANSWERED = {
    "counts": "questionnaires of customers, audits of mystery shoppers left out",
    "leaves_out": "straight-lining and speeding",
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
            definition=f"Mean of the respondents' mean perceptions of {dimension}, from 0 to 100.",
            formula="mean of (perception − scale minimum) / (scale maximum − scale minimum) · 100",
            example=Example(
                f"mean perception of {dimension} {MEAN_PERCEPTIONS[dimension]} on a scale from 1 to 7",
                (MEAN_PERCEPTIONS[dimension] - 1) / 6 * 100,
                "worked by hand",
            ),
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
        definition="Mean over the five dimensions of the respondents' mean perception less expectation, unweighted.",
        formula="(1/5) Σ gap of a dimension",
        example=Example(
            "gaps: tangibles −0.40, reliability −0.95, responsiveness −0.80, assurance −0.55, empathy −0.60",
            -0.66,
            "worked by hand",
        ),
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
        definition="Share of promoters (9 or 10 of 10) less share of detractors (0 to 6), in points.",
        formula="100 · (promoters − detractors) / answers",
        example=Example("200 answers, 90 promoters, 50 detractors", 20.0, "worked by hand"),
        **_ANSWERED,
    ),
)
