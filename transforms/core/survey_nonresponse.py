"""core.survey_nonresponse: how customers who answered a survey had fared, beside those who kept silent.

The comparison itself is that of `statistics/surveys.py`; who was asked is `core.survey_invitations`.
"""

import polars as pl
import polars.selectors as cs

from transforms.model import Columns, transform
from transforms.statistics.surveys import non_response_bias
from transforms.vocabulary import CASES

_FARED = ("respondents", "others")
SURVEY_NONRESPONSE: Columns = {
    "event": (
        pl.String,
        "What customers were asked about: claims decided or complaints closed in the month.",
    ),
    "among": (pl.String, "Who is compared: everybody with such a case, or those invited."),
    "period": (pl.Date, "First day of the month."),
    **{f"n_{g}": (pl.Int64, f"Cases of {g}.") for g in _FARED},
    **{
        f"days_mean_{g}": (pl.Float64, f"Mean days from report or receipt to the decision of {g}.")
        for g in _FARED
    },
    **{f"days_median_{g}": (pl.Float64, f"Median days likewise of {g}.") for g in _FARED},
    **{
        f"rejected_share_{g}": (pl.Float64, f"Rejected share of {g}; of complaints, not upheld.")
        for g in _FARED
    },
    "days_mean_difference": (pl.Float64, "Respondents less others, days."),
    "days_mean_difference_low": (pl.Float64, "Lower end of its 95 % interval (Welch)."),
    "days_mean_difference_high": (pl.Float64, "Upper end of it."),
    "rejected_share_difference": (pl.Float64, "Respondents less others."),
    "rejected_share_difference_low": (pl.Float64, "Lower end of its 95 % interval (Agresti and Caffo 2000)."),
    "rejected_share_difference_high": (pl.Float64, "Upper end of it."),
}


@transform(
    writes="core.survey_nonresponse",
    reads={
        "claims": "core.claims",
        "complaints": "core.complaints",
        "responses": "core.survey_responses",
        "invitations": "core.survey_invitations",
    },
    keys=(),
    grain=("event", "among", "period"),
    columns=SURVEY_NONRESPONSE,
)
def survey_nonresponse(
    claims: pl.LazyFrame,
    complaints: pl.LazyFrame,
    responses: pl.LazyFrame,
    invitations: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row per kind and month of cases: how customers who answered a survey had fared, beside those who did not.

    Of everybody with such a case, and of those invited where invitations are known.
    """
    # Of many in one row nobody knows who answered.
    single = pl.col(CASES).fill_null(1) == 1
    events = {
        "claims": claims.filter(single, pl.col("spell_no") == 1, pl.col("sequence_fault").is_null()).select(
            case="claim_id",
            day="decided_on",
            days="report_to_decision_days",
            rejected=pl.col("outcome") == "rejected",
        ),
        "complaints": complaints.filter(
            single, ~pl.col("is_merged"), pl.col("sequence_fault").is_null()
        ).select(
            case="complaint_id",
            day="closed_on",
            days=pl.col("received_to_closed_days").cast(pl.Float64),
            rejected=pl.col("outcome") == "not_upheld",
        ),
    }
    parts = []
    for event, cases in events.items():
        key = {"claims": "claim_id", "complaints": "complaint_id"}[event]
        ended = cases.filter(pl.col("day").is_not_null()).with_columns(
            period=pl.col("day").dt.truncate("1mo")
        )
        answered = responses.select("is_audit", case=key)
        invited = invitations.filter("is_eligible").select(case=key).drop_nulls().unique()
        for among, own in (("everybody", ended), ("invited", ended.join(invited, on="case", how="semi"))):
            parts.append(_bias(own, answered).with_columns(event=pl.lit(event), among=pl.lit(among)))
    return pl.concat(parts)


def _bias(cases: pl.LazyFrame, answered: pl.LazyFrame) -> pl.LazyFrame:
    """The comparison by month; none where no answer names such a case."""
    is_surveyed = answered.select(is_surveyed=pl.col("case").is_not_null()).filter("is_surveyed").unique()
    bias = non_response_bias(
        cases.join(is_surveyed, how="cross"),
        answered,
        case="case",
        days="days",
        rejected=pl.col("rejected"),
        by=("period",),
    )
    return bias.with_columns(cs.float().fill_nan(None))
