"""The KPIs of customer surveys: SERVPERF, SERVQUAL gaps, satisfaction, effort, and the net promoter score."""

from functools import partial
from typing import Any

import polars as pl

from transforms.measures.case_measures import Mean, Share, StandardDeviation
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.measures.survey_measures import AllocationMean, MeanOfMeans, NetPromoter, WeightedMean

# Of each stage of the journey, in words.
STAGES = {
    "presale": "before the sale",
    "application": "at the application",
    "policy": "of the policy",
    "claims": "of claims",
    "complaint": "of complaints",
    "care": "between times",
}
DIMENSIONS = ("tangibles", "reliability", "responsiveness", "assurance", "empathy")
# The dimension that each score by dimension is of.
DIMENSION_OF = {f"servperf_{dimension}_score": dimension for dimension in DIMENSIONS}
# A mystery shopper's audit is no customer; a questionnaire filled without reading is left out and counted.
CUSTOMERS = ~pl.col("is_audit")
SELDOM = {
    "presale": "Who has bought nothing yet is seldom asked; the simulated insurer asks its policyholders alone.",
}
CARELESS = ~pl.col("is_valid")

VALID = {"answered_on": "2025-03-15", "is_valid": "yes", "is_audit": "no"}
# Thirty answers a dimension on a scale from 1 to 7: sevens are 100, fours 50. Means 5.9, 5.4, 5.5, 5.8 and 5.6.
PERCEIVED = partial(
    Example,
    every=VALID,
    rows=rows("""
        cases  dimension       perception_score  importance_mean
           19  tangibles                    100               11
           11  tangibles                     50               11
           14  reliability                  100               32
           16  reliability                   50               32
           15  responsiveness               100               22
           15  responsiveness                50               22
           18  assurance                    100               19
           12  assurance                     50               19
           16  empathy                      100               16
           14  empathy                       50               16
    """),
)
SEVENS = {"tangibles": 19, "reliability": 14, "responsiveness": 15, "assurance": 18, "empathy": 16}
GAPS = partial(
    Example,
    given="one customer's gaps, and the points of 100 allotted to each dimension",
    every=VALID,
    rows=rows("""
        dimension       gap_points  importance_mean
        tangibles            -0.40               11
        reliability          -0.95               32
        responsiveness       -0.80               22
        assurance            -0.55               19
        empathy              -0.60               16
    """),
)
ANSWERS = partial(
    Example,
    given="200 answers 5, 4, 3, 2, 1 in numbers 62, 71, 40, 17, 10: mean 3.79",
    every=VALID,
    rows=rows("""
        cases  satisfaction_score
           62                 100
           71                  75
           40                  50
           17                  25
           10                   0
    """),
)
INVITED = partial(
    Example,
    given="1,000 drawn from a list, 312 complete, 40 more not eligible; a pop-up shown 800 times, 96 complete",
    every={"invited_on": "2025-03-15"},
    rows=rows("""
        cases  is_listed  is_eligible  is_complete
          312  yes        yes          yes
          688  yes        yes          no
           40  yes        no           no
           96  no         yes          yes
          704  no         yes          no
    """),
)
_ANSWERED: dict[str, Any] = {
    "counts": "questionnaires of customers, audits of mystery shoppers left out",
    "leaves_out": "straight-lining and speeding",
    "direction": 1,
    "dates": {"period": "answered_on"},
    "excluded": CARELESS,
    "minimum": 30,
    "suppress_below": 10,
}
_OF_DIMENSIONS: dict[str, Any] = {**_ANSWERED, "fact": "core.survey_scores", "population": CUSTOMERS}
_ALLOTTED: dict[str, Any] = {
    **_OF_DIMENSIONS,
    "formula": "Σ w_d · mean of the dimension, w_d = mean allocation of the dimension / sum of allocations",
}
_INVITED: dict[str, Any] = {
    "fact": "core.survey_invitations",
    "unit": "share",
    "direction": 1,
    "dates": {"cohort": "invited_on"},
    "leaves_out": "those known not to be eligible",
    "horizon_days": 14,
    "minimum": 30,
}


def _answered(column: str) -> dict[str, Any]:
    """What KPIs of a question to customers have in common: they count who answered it."""
    return {
        **_ANSWERED,
        "fact": "core.survey_responses",
        "population": CUSTOMERS & pl.col(column).is_not_null(),
    }


def _by_points(column: str) -> AllocationMean:
    """A score of dimensions, weighted by the points that customers allot to each."""
    return AllocationMean(column, "importance_mean", by="dimension", groups=DIMENSIONS)


def _complete(of: pl.Expr) -> Share:
    """Complete questionnaires among those asked who are or may be eligible."""
    return Share(of=pl.col("is_complete"), among=pl.col("is_eligible") & of)


KPIS = (
    *(
        Kpi(
            code=f"servperf_{dimension}_score",
            title=f"SERVPERF {dimension}, 0–100",
            slice=("dimension", dimension),
            measure=Mean("perception_score"),
            unit="score_0_100",
            source="Cronin & Taylor 1992: perceptions only, rescaled (x − min) / (max − min) · 100",
            definition=f"Mean of the respondents' mean perceptions of {dimension}, from 0 to 100.",
            formula="mean of (perception − scale minimum) / (scale maximum − scale minimum) · 100",
            example=PERCEIVED(
                given=f"{sevens} sevens and {30 - sevens} fours on a scale from 1 to 7",
                value=(sevens + 30) / 60 * 100,
                numerator=(sevens + 30) * 50,
                denominator=30,
            ),
            **_OF_DIMENSIONS | {"population": CUSTOMERS & pl.col("perception_score").is_not_null()},
        )
        for dimension, sevens in SEVENS.items()
    ),
    *(
        Kpi(
            code=f"perceived_{stage}_score",
            title=f"Perceived service {words}, 0–100",
            fact="core.survey_stage_scores",
            slice=("stage", stage),
            population=CUSTOMERS & pl.col("perception_score").is_not_null(),
            measure=Mean("perception_score"),
            unit="score_0_100",
            source="Cronin & Taylor 1992, by stage of the customer's journey instead of dimension",
            definition=f"Mean of the respondents' mean perceptions of service {words}, from 0 to 100.",
            formula="mean of (perception − scale minimum) / (scale maximum − scale minimum) · 100",
            example=Example(
                given="19 sevens and 11 fours on a scale from 1 to 7",
                value=(19 + 30) / 60 * 100,
                numerator=(19 + 30) * 50,
                denominator=30,
                every=VALID | {"stage": stage},
                rows=rows("""
                    cases  perception_score
                       19               100
                       11                50
                """),
            ),
            seldom=SELDOM.get(stage, ""),
            **_ANSWERED,
        )
        for stage, words in STAGES.items()
    ),
    Kpi(
        code="servqual_gap_points",
        title="SERVQUAL gap, mean of the five dimensions",
        measure=MeanOfMeans("gap_points", by="dimension", groups=DIMENSIONS),
        unit="points",
        source="Parasuraman, Zeithaml & Berry 1988: perception − expectation, mean of respondents' means",
        definition="Mean over the five dimensions of the respondents' mean perception less expectation, unweighted.",
        formula="(1/5) Σ gap of a dimension",
        example=GAPS(value=-0.66),
        **_OF_DIMENSIONS,
    ),
    Kpi(
        code="nps_points",
        title="Net promoter score",
        measure=NetPromoter("nps_score"),
        unit="points",
        source="Reichheld 2003; interval by adjusted Wald",
        definition="Share of promoters (9 or 10 of 10) less share of detractors (0 to 6), in points.",
        formula="100 · (promoters − detractors) / answers",
        example=Example(
            given="200 answers, 90 promoters, 50 detractors",
            value=20.0,
            numerator=40,
            denominator=200,
            every=VALID,
            rows=rows("""
                cases  nps_score
                   90         10
                   60          8
                   50          6
            """),
        ),
        **_answered("nps_score") | {"minimum": 100},
    ),
    Kpi(
        code="servqual_weighted_gap_points",
        title="SERVQUAL gap, weighted by the customers' allocation",
        measure=_by_points("gap_points"),
        unit="points",
        source="Parasuraman, Zeithaml & Berry 1988: Σ w (P − E), w from 100 points allotted to the dimensions",
        definition="Perception less expectation by dimension, weighted by the points customers allot to each.",
        example=GAPS(value=-0.7245),
        **_ALLOTTED,
    ),
    Kpi(
        code="servperf_weighted_score",
        title="SERVPERF, weighted by the customers' allocation, 0–100",
        measure=_by_points("perception_score"),
        unit="score_0_100",
        source="Cronin & Taylor 1992: Σ w P, w from 100 points allotted to the dimensions",
        definition="Perceptions by dimension from 0 to 100, weighted by the points customers allot to each.",
        example=PERCEIVED(
            given="mean perceptions 5.9, 5.4, 5.5, 5.8, 5.6 from 1 to 7; allotted 11, 32, 22, 19, 16 points",
            value=(5.585 - 1) / 6 * 100,
        ),
        **_ALLOTTED,
    ),
    Kpi(
        code="csi_score",
        title="Customer satisfaction index, 0–100",
        measure=_by_points("satisfaction_score"),
        unit="score_0_100",
        source="Satisfaction by dimension weighted by importance, lowest answer 0 (not divided by the maximum)",
        definition="Satisfaction by dimension from 0 to 100, weighted by the importance customers give the dimensions.",
        example=Example(
            given="satisfaction 4.2, 3.6, 3.9, 4.4 from 1 to 5; the fifth dimension is of no importance",
            value=1259.5 / 16.8,
            every=VALID,
            rows=rows("""
                dimension       satisfaction_score  importance_mean
                tangibles                       80              4.5
                reliability                     65              4.8
                responsiveness                72.5              4.0
                assurance                       85              3.5
                empathy                          0                0
            """),
        ),
        **_ALLOTTED,
    ),
    Kpi(
        code="satisfaction_score",
        version="2",
        title="Overall satisfaction, 0–100",
        measure=Mean("satisfaction_score"),
        unit="score_0_100",
        source="Mean answer rescaled, (x − min) / (max − min) · 100",
        definition="Mean answer to the question about overall satisfaction, from 0 to 100; in surveys that ask only by "
        "dimension, of each respondent's mean over these.",
        formula="mean of (answer − scale minimum) / (scale maximum − scale minimum) · 100",
        example=ANSWERS(value=69.75, numerator=13_950, denominator=200),
        **_answered("satisfaction_score"),
    ),
    Kpi(
        code="satisfaction_standard_deviation",
        title="Overall satisfaction, 0–100, standard deviation",
        measure=StandardDeviation("satisfaction_score"),
        unit="score_0_100",
        source="Dispersion beside the mean: one mean can be that of a content crowd or of two camps",
        definition="Standard deviation of overall satisfaction (see satisfaction_score) over the respondents.",
        formula="√(Σ (answer − mean)² / (answers − 1)), answers from 0 to 100",
        example=ANSWERS(
            given="200 answers 5, 4, 3, 2, 1 in numbers 62, 71, 40, 17, 10: mean 69.75",
            value=(156_987.5 / 199) ** 0.5,
            denominator=200,
        ),
        **_answered("satisfaction_score") | {"direction": 0},
    ),
    Kpi(
        code="satisfied_share",
        version="2",
        title="Satisfied customers, 75 of 100 and more",
        measure=Share(
            of=pl.col("satisfaction_score") >= 75, among=pl.col("satisfaction_score").is_not_null()
        ),
        unit="share",
        source="Top-two box of a scale of five",
        definition="Customers whose overall satisfaction (see satisfaction_score) is in the upper two boxes of five.",
        formula="answers of 75 and more on 0–100 / answers",
        example=ANSWERS(value=0.665, numerator=133, denominator=200),
        **_answered("satisfaction_score"),
    ),
    Kpi(
        code="ces_score",
        title="Customer effort score, 1–7, 7 is easy",
        measure=Mean("ces_score"),
        unit="points",
        source="Dixon, Freeman & Toman 2010, in the form of agreement that it was easy",
        definition="Mean agreement that it was easy, from 1 to 7.",
        formula="mean answer",
        example=Example(
            given="answers 7, 6, 5, 4 and 3",
            value=5.0,
            numerator=25,
            denominator=5,
            every=VALID,
            rows=rows("""
                response_id  ces_score
                R1                   7
                R2                   6
                R3                   5
                R4                   4
                R5                   3
            """),
        ),
        **_answered("ces_score"),
    ),
    Kpi(
        code="ces_easy_share",
        title="Customers who found it easy, 5 and more of 7",
        measure=Share(of=pl.col("ces_score") >= 5, among=pl.col("ces_score").is_not_null()),
        unit="share",
        source="Dixon, Freeman & Toman 2010, in the form of agreement that it was easy",
        definition="Customers who agree that it was easy.",
        formula="answers of 5 and more / answers",
        example=Example(
            given="200 answers, 140 of them 5 and more of 7",
            value=0.70,
            numerator=140,
            denominator=200,
            every=VALID,
            rows=rows("""
                cases  ces_score
                  140          5
                   60          4
            """),
        ),
        **_answered("ces_score"),
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
            given="60, 30 and 10 answers of strata with shares 0.5, 0.3 and 0.2 of those spoken for",
            value=72.25,
            numerator=7225,
            denominator=100,
            every={"answered_on": "2025-03-15"},
            rows=rows("""
                cases  satisfaction_score              weight
                   60                80.0  0.8333333333333334
                   30                72.5                 1.0
                   10                52.5                 2.0
            """),
        ),
    ),
    Kpi(
        code="survey_response_share",
        title="Response rate of surveys",
        measure=_complete(of=pl.col("is_listed")),
        population=pl.col("is_listed"),
        source="AAPOR Standard Definitions, response rate 1",
        definition="Complete questionnaires among all invited from a list who are or may be eligible.",
        formula="I / ((I + P) + (R + NC + O) + U)",
        counts="invitations of the month to customers drawn from a list",
        example=INVITED(value=0.312, numerator=312, denominator=1000),
        **_INVITED,
    ),
    Kpi(
        code="survey_participation_share",
        title="Participation in pop-up surveys",
        measure=_complete(of=~pl.col("is_listed")),
        population=~pl.col("is_listed"),
        source="AAPOR Standard Definitions: without a sampling frame no response rate, but participation",
        definition="Complete questionnaires among the times a pop-up was shown.",
        formula="complete / shown",
        counts="pop-ups shown in the month",
        example=INVITED(value=0.12, numerator=96, denominator=800),
        **_INVITED,
    ),
)
