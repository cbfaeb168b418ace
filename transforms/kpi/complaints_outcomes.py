"""The KPIs of what comes of complaints, and what they are about: upheld, met, withdrawn, repeated, escalated."""

from functools import partial
from typing import Any

import polars as pl

from transforms.kpi.complaints import (
    ALONE,
    CASES,
    CONFIRMED,
    DECIDED,
    FAULTY,
    FAULTY_WORDS,
    ORDER_2020,
    OWN_CASE,
    OWN_WORDS,
    TIMED,
)
from transforms.measures.case_measures import Mean, Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.settings import ComplaintSettings, Settings

_DECIDED: dict[str, Any] = {
    "fact": "core.complaints",
    "population": OWN_CASE & DECIDED,
    "counts": f"{OWN_WORDS}, decided",
    "leaves_out": "withdrawn complaints, on neither side",
    "dates": {"period": "closed_on", "cohort": "received_on"},
    "horizon_days": 60,
    "minimum": 20,
}

CLOSED = partial(
    Example,
    given="42 upheld, 18 partly, 80 not upheld, 10 withdrawn",
    every=ALONE,
    rows=rows("""
        cases  outcome        uphold_credit  received_on  closed_on   withdrawn_on
           42  upheld                   1.0  2025-03-03   2025-03-10  -
           18  partly_upheld            0.5  2025-03-03   2025-03-10  -
           80  not_upheld               0.0  2025-03-03   2025-03-10  -
           10  withdrawn                  -  2025-03-03   2025-03-10  2025-03-10
    """),
)


def _mis_selling(settings: Settings) -> dict[str, Any]:
    """What counts as mis-selling is the project's to say."""
    sold = list(settings.complaints.mis_selling)
    if not sold:
        return {}
    of_sales = Share(of=pl.col("category").is_in(sold), among=pl.col("category").is_not_null())
    return {"measure": of_sales, "awaits": ""}


def _loss_assessment(settings: Settings) -> dict[str, Any]:
    """Which causes are disputes about the assessment of a loss is the project's to say."""
    disputed = list(settings.complaints.loss_assessment)
    if not disputed:
        return {}
    of_losses = Share(of=pl.col("root_cause").is_in(disputed), among=pl.col("root_cause").is_not_null())
    return {"measure": of_losses, "awaits": ""}


KPIS = (
    Kpi(
        code="complaint_upheld_share",
        version="2",
        title="Complaints upheld fully or partly among those decided",
        measure=Share(of=CONFIRMED, among=DECIDED),
        unit="share",
        direction=-1,
        source="Uphold rate counting full and part; withdrawn complaints are on neither side",
        definition="Complaints upheld fully or partly among those decided on their merits.",
        formula="(upheld + partly) / (upheld + partly + not upheld)",
        example=CLOSED(value=60 / 140, numerator=60, denominator=140),
        **_DECIDED,
    ),
    Kpi(
        code="complaint_fully_upheld_share",
        version="2",
        title="Complaints upheld fully among those decided",
        measure=Share(of=pl.col("outcome") == "upheld", among=DECIDED),
        unit="share",
        direction=-1,
        source="Uphold rate counting full only",
        definition="Complaints upheld fully among those decided on their merits.",
        formula="upheld / (upheld + partly + not upheld)",
        example=CLOSED(value=0.3, numerator=42, denominator=140),
        **_DECIDED,
    ),
    Kpi(
        code="complaint_half_credit_upheld_share",
        version="2",
        title="Complaints upheld among those decided, a partly upheld one counting half",
        measure=Mean("uphold_credit"),
        unit="share",
        direction=-1,
        source="Uphold rate with half credit",
        definition="Complaints upheld among those decided on their merits, a partly upheld one as a half.",
        formula="(upheld + partly / 2) / (upheld + partly + not upheld)",
        example=CLOSED(value=51 / 140, numerator=51, denominator=140),
        **_DECIDED,
    ),
    Kpi(
        code="complaint_request_met_share",
        version="2",
        title="Complaints whose request was met fully or in part among those decided",
        measure=Share(
            of=pl.col("request_met").is_in(["full", "partial"]), among=pl.col("request_met").is_not_null()
        ),
        unit="share",
        direction=1,
        source="Closed is not satisfied: whether the request was met is a flag of its own",
        definition="Decided complaints whose request was met, fully or in part.",
        formula="(met fully + in part) / (met fully + in part + not at all)",
        example=Example(
            given="3 met fully, 1 in part, 6 not at all",
            value=0.4,
            numerator=4,
            denominator=10,
            every=ALONE,
            rows=rows("""
                cases  closed_on   outcome     request_met
                    3  2025-03-09  upheld      full
                    1  2025-03-09  upheld      partial
                    6  2025-03-09  not_upheld  none
            """),
        ),
        **_DECIDED,
    ),
    Kpi(
        code="complaint_withdrawn_share",
        version="2",
        title="Complaints withdrawn before a decision among those closed",
        measure=Share(of=pl.col("withdrawn_on").is_not_null(), among=pl.col("closed_on").is_not_null()),
        unit="share",
        direction=0,
        horizon_days=60,
        source=f"{ORDER_2020}: withdrawal ends the procedure; a withdrawal after the request was met is decided",
        definition="Complaints withdrawn with nothing granted among those closed.",
        formula="withdrawn / closed",
        example=CLOSED(value=10 / 150, numerator=10, denominator=150),
        **TIMED,
    ),
    Kpi(
        code="complaint_repeated_within_90_days_share",
        version="2",
        title="Closed complaints followed within 90 days by one on the same matter",
        fact="core.complaint_repeats",
        measure=Share(of=pl.col("closed_to_repeat_days") <= 90, among=pl.col("closed_on").is_not_null()),
        unit="share",
        direction=-1,
        counts="closed complaints of known customers, by the month of closing",
        leaves_out="contacts on a complaint still open, which are merged into it",
        dates={"cohort": "closed_on"},
        horizon_days=90,
        minimum=20,
        switch="complaints.merging",
        source="Repeat within 90 days of closing by customer, policy and category",
        definition="Closed complaints that the same customer raised again on the same policy and category "
        "within 90 days.",
        formula="repeated / closed, 90 days ago or longer",
        example=Example(
            given="closed in January; one customer complains again on the same matter after 36 days",
            value=1 / 3,
            numerator=1,
            denominator=3,
            rows=rows("""
                customer_id  closed_on   repeated_on  closed_to_repeat_days
                C1           2025-01-15  2025-02-20                      36
                C2           2025-01-12  -                                -
                C3           2025-01-20  -                                -
            """),
            period="2025-01",
        ),
    ),
    Kpi(
        code="complaint_escalated_within_180_days_share",
        version="2",
        title="Complaints that also reached a regulator, ombudsman or court within 180 days",
        measure=Share(
            of=(pl.col("escalated_on") - pl.col("received_on")).dt.total_days() <= 180,
            among=pl.col("received_on").is_not_null(),
        ),
        unit="share",
        direction=-1,
        dates={"cohort": "received_on"},
        horizon_days=180,
        minimum=20,
        source="Escalation (越级投诉率) of the received cohort; CIRC complaint-handling appraisal (a copy)",
        definition="Complaints received in the month that reached a higher instance within 180 days.",
        formula="escalated within 180 days / received",
        example=Example(
            given="of 50 complaints two reached the regulator, on day 20 and on day 200",
            value=0.02,
            numerator=1,
            denominator=50,
            every=ALONE,
            rows=rows("""
                cases  received_on  escalated_on
                   48  2025-03-03   -
                    1  2025-03-03   2025-03-23
                    1  2025-03-03   2025-09-19
            """),
        ),
        excluded=FAULTY,
        leaves_out=FAULTY_WORDS,
        **CASES,
    ),
    Kpi(
        code="complaint_mis_selling_share",
        version="2",
        title="Complaints about sales among all with a category (销售纠纷)",
        measure=Share(of=pl.col("category").is_in([]), among=pl.col("category").is_not_null()),
        switch="complaints.sales_name",
        awaits="complaints.mis_selling",
        by_rules=_mis_selling,
        unit="share",
        direction=-1,
        dates={"cohort": "received_on"},
        minimum=20,
        source="The regulator's bulletins split complaints by claims, sales, surrender, underwriting, servicing",
        definition="Complaints about how the policy was sold, by the categories that the project names, among those "
        "whose category is known.",
        formula="categories in `complaints.mis_selling` / all categories",
        example=Example(
            given="30 about sales, 50 about claims, 20 about surrender, 7 without a category",
            value=0.3,
            numerator=30,
            denominator=100,
            every=ALONE,
            rows=rows("""
                cases  received_on  category
                   30  2025-03-03   sales
                   50  2025-03-03   claims
                   20  2025-03-03   surrender
                    7  2025-03-03   -
            """),
            under=Settings(complaints=ComplaintSettings(mis_selling=("sales",))),
        ),
        **CASES,
    ),
    Kpi(
        code="complaint_loss_assessment_share",
        title="Complaints caused by the assessment of a loss among all whose cause is known (定损争议)",
        measure=Share(of=pl.col("root_cause").is_in([]), among=pl.col("root_cause").is_not_null()),
        switch="complaints.assessment_name",
        awaits="complaints.loss_assessment",
        by_rules=_loss_assessment,
        unit="share",
        direction=-1,
        dates={"cohort": "received_on"},
        horizon_days=60,
        minimum=20,
        source="Disputes about the assessment of losses, by what was found to have caused the complaint",
        definition="Complaints that were caused by how a loss was assessed, by the root causes that the project "
        "names, among those whose cause is known.",
        formula="causes in `complaints.loss_assessment` / all causes",
        example=Example(
            given="12 caused by the assessment of a loss, 28 by delay, 5 not closed yet",
            value=0.3,
            numerator=12,
            denominator=40,
            every=ALONE,
            rows=rows("""
                cases  received_on  root_cause
                   12  2025-03-03   loss_assessment
                   28  2025-03-03   delay
                    5  2025-03-03   -
            """),
            under=Settings(complaints=ComplaintSettings(loss_assessment=("loss_assessment",))),
        ),
        **CASES,
    ),
)
