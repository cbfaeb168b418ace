"""The KPIs of customer surveys: SERVPERF, SERVQUAL gaps, satisfaction, effort, and the net promoter score."""

from typing import Any

import polars as pl

from transforms.measures.case_measures import Mean, Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example
from transforms.measures.survey_measures import AllocationMean, MeanOfMeans, NetPromoter, WeightedMean

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
_ANSWERED: dict[str, Any] = {
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
            definition=definition,
            formula="Σ w_d · mean of the dimension, w_d = mean allocation of the dimension / sum of allocations",
            example=example,
            **_ANSWERED,
        )
        for code, title, column, unit, source, definition, example in (
            (
                "servqual_weighted_gap_points",
                "SERVQUAL gap, weighted by the customers' allocation",
                "gap_points",
                "points",
                "Parasuraman, Zeithaml & Berry 1988: Σ w (P − E), w from 100 points allotted to the dimensions",
                "Perception less expectation by dimension, weighted by the points customers allot to each.",
                Example(
                    "gaps −0.40, −0.95, −0.80, −0.55, −0.60 of tangibles, reliability, responsiveness, assurance, "
                    "empathy; allotted 11, 32, 22, 19, 16 of 100 points",
                    -0.7245,
                    "worked by hand",
                ),
            ),
            (
                "servperf_weighted_score",
                "SERVPERF, weighted by the customers' allocation, 0–100",
                "perception_score",
                "score_0_100",
                "Cronin & Taylor 1992: Σ w P, w from 100 points allotted to the dimensions",
                "Perceptions by dimension from 0 to 100, weighted by the points customers allot to each.",
                Example(
                    "mean perceptions 5.9, 5.4, 5.5, 5.8, 5.6 from 1 to 7; allotted 11, 32, 22, 19, 16 points",
                    (5.585 - 1) / 6 * 100,
                    "worked by hand",
                ),
            ),
            (
                "csi_score",
                "Customer satisfaction index, 0–100",
                "satisfaction_score",
                "score_0_100",
                "Satisfaction by dimension weighted by importance, lowest answer 0 (not divided by the maximum)",
                "Satisfaction by dimension from 0 to 100, weighted by the importance customers give the dimensions.",
                Example(
                    "satisfaction 4.2, 3.6, 3.9, 4.4 on a scale from 1 to 5; importance 4.5, 4.8, 4.0, 3.5",
                    74.97023809523809,
                    "worked by hand",
                ),
            ),
        )
    ),
    Kpi(
        code="satisfaction_score",
        version="2",
        title="Overall satisfaction, 0–100",
        fact="core.survey_responses",
        measure=Mean("satisfaction_score"),
        unit="score_0_100",
        population=CUSTOMERS & pl.col("satisfaction_score").is_not_null(),
        minimum=30,
        source="Mean answer rescaled, (x − min) / (max − min) · 100",
        definition="Mean answer to the question about overall satisfaction, from 0 to 100; in surveys that ask only by "
        "dimension, of each respondent's mean over these.",
        formula="mean of (answer − scale minimum) / (scale maximum − scale minimum) · 100",
        example=Example(
            "200 answers 5, 4, 3, 2, 1 in numbers 62, 71, 40, 17, 10: mean 3.79", 69.75, "worked by hand"
        ),
        **_ANSWERED,
    ),
    Kpi(
        code="satisfied_share",
        version="2",
        title="Satisfied customers, 75 of 100 and more",
        fact="core.survey_responses",
        measure=Share(
            of=pl.col("satisfaction_score") >= 75, among=pl.col("satisfaction_score").is_not_null()
        ),
        unit="share",
        population=CUSTOMERS & pl.col("satisfaction_score").is_not_null(),
        minimum=30,
        source="Top-two box of a scale of five",
        definition="Customers whose overall satisfaction (see satisfaction_score) is in the upper two boxes of five.",
        formula="answers of 75 and more on 0–100 / answers",
        example=Example("200 answers 5, 4, 3, 2, 1 in numbers 62, 71, 40, 17, 10", 0.665, "worked by hand"),
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
        definition="Mean agreement that it was easy, from 1 to 7.",
        formula="mean answer",
        example=Example("5 answers 7, 6, 5, 4, 3", 5.0, "worked by hand"),
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
        definition="Customers who agree that it was easy.",
        formula="answers of 5 and more / answers",
        example=Example("200 answers, 140 of them 5 and more of 7", 0.70, "worked by hand"),
        **_ANSWERED,
    ),
    Kpi(
        code="satisfaction_poststratified_score",
        version="2",
        title="Overall satisfaction, 0–100, weighted to those asked about",
        fact="core.survey_weights",
        measure=WeightedMean("satisfaction_score", "weight"),
        unit="score_0_100",
        direction=1,
        dates={"period": "answered_on"},
        minimum=30,
        suppress_below=10,
        source="Post-stratification with weights from 0.3 to 3; effective n of Kish 1965",
        definition="Mean overall satisfaction, weighted so that product lines, channels, age bands and regions have "
        "the shares they have among those the survey speaks for.",
        formula="Σ w · satisfaction / Σ w, w = share of the stratum spoken for / its share of the answers",
        counts="valid questionnaires of customers; n is the effective number, (Σw)² / Σw²",
        example=Example(
            "60, 30 and 10 answers with means 4.2, 3.9, 3.1 from 1 to 5 of strata with shares 0.5, 0.3, 0.2: 3.89",
            72.25,
            "worked by hand",
        ),
    ),
    *(
        Kpi(
            code=code,
            title=title,
            fact="core.survey_invitations",
            measure=Share(of=pl.col("is_complete"), among=pl.col("is_eligible") & asked),
            unit="share",
            direction=1,
            dates={"cohort": "invited_on"},
            population=asked,
            horizon_days=14,
            minimum=30,
            source=source,
            definition=definition,
            formula=formula,
            counts=counts,
            leaves_out="those known not to be eligible",
            example=example,
        )
        for code, title, asked, source, definition, formula, counts, example in (
            (
                "survey_response_share",
                "Response rate of surveys",
                pl.col("is_listed"),
                "AAPOR Standard Definitions, response rate 1",
                "Complete questionnaires among all invited from a list who are or may be eligible.",
                "I / ((I + P) + (R + NC + O) + U)",
                "invitations of the month to customers drawn from a list",
                Example("1000 invited, 312 complete", 0.312, "worked by hand"),
            ),
            (
                "survey_participation_share",
                "Participation in pop-up surveys",
                ~pl.col("is_listed"),
                "AAPOR Standard Definitions: without a sampling frame no response rate, but participation",
                "Complete questionnaires among the times a pop-up was shown.",
                "complete / shown",
                "pop-ups shown in the month",
                Example("800 shown, 96 complete", 0.12, "worked by hand"),
            ),
        )
    ),
)
