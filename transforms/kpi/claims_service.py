"""The KPIs of what service adds to a claim: papers complete at once, a handler soon, money early, nobody forgotten.

Tracks and contacts are in `claims_handling.py`, the length of the whole way in `claims_turnaround.py`.
"""

from functools import partial
from typing import Any

import polars as pl

from transforms.core.claim_pauses import STATIC_DAYS
from transforms.facts.claim_clocks import CLOCKED, CLOCKS
from transforms.kpi.claims import (
    BY_DECISION,
    CLAIM,
    DECIDED,
    FAULTY_WORDS,
    FIRST,
    FIRST_HANDLING,
    FIRST_WORDS,
    MEDIAN,
    SHARE,
    of_known,
)
from transforms.kpi.claims_flow import SPELL_WORDS, SPELLS
from transforms.kpi.claims_handling import taken_first
from transforms.measures.case_measures import Mean, Quantile, Share
from transforms.measures.curve_measures import Clock
from transforms.measures.definition import Flow, Kpi
from transforms.measures.example import Example, rows
from transforms.measures.stock_measures import Stock, StockShare
from transforms.measures.turnaround import Turnaround

ARTICLE_22 = "Insurance Law of the PRC art. 22(2): ask once, completely and promptly"
ARTICLE_25 = "Insurance Law of the PRC art. 25: pay in advance what is certain"
LLOYDS = "Lloyd's reports of claims without movement (static claims)"
STATIC = {days: Flow("core.claim_pauses", f"static_{days}_on", "moved_on") for days in STATIC_DAYS}
_ILLNESS = FIRST_HANDLING & (pl.col("claim_type") == "critical_illness")

_, _assessed, _decided = CLOCKS["assessment_to_decision_days"]
ASSESSMENT_TO_DECISION = Turnaround(
    clock=Clock(
        _assessed,
        _decided,
        ("withdrawn_at", "ended_at"),
        Clock(CLOCKED[_assessed][0], CLOCKED[_decided][0], ("withdrawn_on", "ended_on")),
    ),
    days="assessment_to_decision_days",
    ended="decided",
    dates={"cohort": "assessed_on", "period": "decided_on"},
    horizon_days=30,
    **CLAIM,
)
ASSESSED = partial(
    Example,
    "decided 1, 2 and 6 days after the assessment; one not yet after 28 days",
    every=FIRST,
    rows=rows("""
        assessed_at       first_decided_at
        2025-03-03T12:00  2025-03-04T12:00
        2025-03-03T12:00  2025-03-05T12:00
        2025-03-03T12:00  2025-03-09T12:00
        2025-03-03T12:00  -
    """),
    as_of="2025-03-31",
)
STATIC_CLAIMS = partial(
    Example,
    "open since 4, 20 and 45 days; nothing happened to the last two for 16 and for 36 days",
    rows=rows("""
        opened_on
        2025-03-27
        2025-03-11
        2025-02-14
    """),
    also={
        "core.claim_pauses": rows("""
            static_14_on  static_30_on  moved_on
            2025-03-30    -             -
            2025-03-12    2025-03-28    -
            2025-03-02    -             2025-03-05
        """)
    },
    as_of="2025-03-31",
)
DECIDED_BY_PAPERS = partial(
    Example,
    "50 decided claims: of 40 the papers were complete at once, of 10 more were asked for",
    every=FIRST,
    rows=rows("""
        cases  reported_on  decided_on  document_request_count
           40  2025-03-04   2025-03-20                       0
            7  2025-03-04   2025-03-20                       1
            3  2025-03-04   2025-03-20                       2
    """),
)


def _static(days: int) -> tuple[Kpi, Kpi]:
    """Number and share of the open claims to which nothing happened for more than so many days."""
    worked = {14: 2, 30: 1}[days]
    shared: dict[str, Any] = {
        "fact": "core.claims",
        "dates": {},
        "direction": -1,
        "source": LLOYDS,
        "counts": SPELL_WORDS,
        "leaves_out": FAULTY_WORDS,
    }
    return (
        Kpi(
            code=f"claims_static_{days}_days_count",
            title=f"Open claims to which nothing happened for more than {days} days, at the end of the period",
            measure=Stock(STATIC[days]),
            unit="count",
            definition=f"Claims open at the end of the month whose last event was more than {days} days before.",
            formula="number of spells",
            example=STATIC_CLAIMS(value=worked, numerator=worked),
            **shared,
        ),
        Kpi(
            code=f"claims_static_{days}_days_share",
            title=f"Open claims to which nothing happened for more than {days} days, among all open",
            measure=StockShare(SPELLS, STATIC[days]),
            unit="share",
            minimum=30,
            definition=f"Claims whose last event was more than {days} days before, among those open at the end "
            "of the month.",
            formula=f"without an event for more than {days} days / open",
            example=STATIC_CLAIMS(value=worked / 3, numerator=worked, denominator=3),
            **shared,
        ),
    )


KPIS = (
    Kpi(
        code="claim_first_time_complete_share",
        title="Decided claims whose papers were complete at once",
        measure=Share(of=pl.col("document_request_count") == 0, among=DECIDED),
        direction=1,
        dates=BY_DECISION,
        horizon_days=30,
        source=ARTICLE_22,
        definition="Claims decided without that further papers were asked for, among those decided.",
        formula="decided without a request for papers / decided",
        example=DECIDED_BY_PAPERS(value=0.8, numerator=40, denominator=50),
        **SHARE,
    ),
    Kpi(
        code="claim_documents_mean",
        title="Papers per claim",
        measure=Mean("document_count"),
        unit="number",
        direction=-1,
        dates=BY_DECISION,
        horizon_days=30,
        source="Papers that a claimant has to bring; fewer where data come from hospitals and authorities",
        definition="Mean number of papers that came with a claim, of claims whose papers are counted.",
        formula="Σ papers / claims",
        example=Example(
            "three claims with 2, 3 and 7 papers",
            value=4,
            numerator=12,
            denominator=3,
            every=FIRST,
            rows=rows("""
                reported_on  document_count
                2025-03-04                2
                2025-03-04                3
                2025-03-05                7
            """),
        ),
        **CLAIM,
    ),
    Kpi(
        code="claim_documents_electronic_share",
        title="Claims all of whose papers came electronically",
        measure=Share(
            of=pl.col("document_medium") == "electronic", among=pl.col("document_medium").is_not_null()
        ),
        direction=1,
        dates=BY_DECISION,
        horizon_days=30,
        source="Service without paper",
        definition="Claims of which all papers came electronically, among those of which the medium is known.",
        formula="electronic / (electronic + paper + mixed)",
        example=Example(
            "papers of 60 claims came electronically, of 30 on paper, of 10 some of each",
            value=0.6,
            numerator=60,
            denominator=100,
            every=FIRST,
            rows=rows("""
                cases  reported_on  document_medium
                   60  2025-03-04   electronic
                   30  2025-03-04   paper
                   10  2025-03-04   mixed
            """),
        ),
        **SHARE,
    ),
    Kpi(
        code="claim_report_to_assignment_hours_median",
        title="Hours from report to a handler, median of the claims given to one",
        measure=Quantile("report_to_assignment_hours", 0.5),
        unit="hours",
        direction=-1,
        dates={"cohort": "reported_on"},
        horizon_days=3,
        source="Assignment of the case to a handler",
        definition="Median of the hours from the report until the case was given to a handler.",
        formula=MEDIAN,
        example=Example(
            "given to a handler after 1, 4 and 30 hours; one not yet",
            value=4,
            denominator=3,
            every=FIRST,
            rows=rows("""
                reported_on  report_to_assignment_hours
                2025-03-04                            1
                2025-03-04                            4
                2025-03-04                           30
                2025-03-04                            -
            """),
        ),
        **CLAIM | taken_first("assigned", "report_to_assignment_hours"),
    ),
    ASSESSMENT_TO_DECISION.median(
        code="claim_assessment_to_decision_days_median",
        title="Days from the assessment of the loss to the decision, median",
        source="Hand-over within the firm: assessed, decided, paid",
        definition="Median of the days from the assessment to the first decision, of decided claims only.",
        example=ASSESSED(value=2, denominator=3),
    ),
    ASSESSMENT_TO_DECISION.km_median(
        code="claim_assessment_to_decision_days_km_median",
        title="Days from the assessment of the loss to the decision, median with open claims counted (Kaplan–Meier)",
        source="Kaplan and Meier (1958), JASA 53; hand-over within the firm: assessed, decided, paid",
        definition="Days from the assessment by which half of the claims are decided, open ones counted, as if "
        "nobody withdrew.",
        example=ASSESSED(value=2, denominator=4),
    ),
    Kpi(
        code="claim_prepaid_share",
        title="Decided claims of which a part was paid in advance (预赔付)",
        measure=Share(of=pl.col("prepaid_on").is_not_null(), among=DECIDED),
        direction=0,
        dates=BY_DECISION,
        horizon_days=30,
        source=f"{ARTICLE_25}; not every claim needs it",
        definition="Claims with a payment in advance among those decided.",
        formula="paid in advance / decided",
        example=Example(
            "of 40 decided claims 6 were paid in advance",
            value=0.15,
            numerator=6,
            denominator=40,
            every=FIRST,
            rows=rows("""
                cases  reported_on  prepaid_on  decided_on
                    6  2025-03-04   2025-03-06  2025-03-20
                   34  2025-03-04   -           2025-03-20
            """),
        ),
        **SHARE,
    ),
    Kpi(
        code="claim_diagnosis_to_prepayment_days_median",
        title="Days from the diagnosis of a critical illness to the payment in advance (重疾先赔), median",
        measure=Quantile("loss_to_prepayment_days", 0.5),
        unit="days",
        direction=-1,
        dates={"cohort": "reported_on", "period": "prepaid_on"},
        horizon_days=60,
        source="Payment on diagnosis, before the treatment is over, as insurers promise it",
        definition="Median of the days from the loss, which of a critical illness is its diagnosis, to the first "
        "payment in advance.",
        formula=MEDIAN,
        example=Example(
            "critical illness paid in advance 5, 9 and 20 days after the diagnosis; one not paid in advance",
            value=9,
            denominator=3,
            every=FIRST | {"claim_type": "critical_illness"},
            rows=rows("""
                reported_on  loss_to_prepayment_days
                2025-03-04                         5
                2025-03-04                         9
                2025-03-05                        20
                2025-03-05                         -
            """),
        ),
        **CLAIM | {"population": _ILLNESS, "counts": f"{FIRST_WORDS}, of critical illness", "minimum": 10},
    ),
    Kpi(
        code="claim_direct_pay_share",
        title="Claims settled with hospital or garage, so that the customer paid nothing first (直赔)",
        measure=of_known("is_direct_pay"),
        direction=1,
        dates=BY_DECISION,
        horizon_days=30,
        source="Direct settlement with the provider",
        definition="Claims that the insurer settled with the provider, among those of which it is known.",
        formula="settled directly / (settled directly + paid by the customer first)",
        example=Example(
            "of 80 claims 20 were settled with the hospital",
            value=0.25,
            numerator=20,
            denominator=80,
            every=FIRST,
            rows=rows("""
                cases  reported_on  is_direct_pay
                   20  2025-03-04   yes
                   60  2025-03-04   no
            """),
        ),
        **SHARE,
    ),
    Kpi(
        code="claim_green_channel_share",
        title="Claims that went through a green channel (绿色通道)",
        measure=of_known("is_green_channel"),
        direction=0,
        dates=BY_DECISION,
        horizon_days=30,
        source="Green channel after catastrophes and for the seriously ill",
        definition="Claims that went through a green channel, among those of which it is known.",
        formula="green channel / (green channel + ordinary way)",
        example=Example(
            "of 50 claims 4 went through the green channel",
            value=0.08,
            numerator=4,
            denominator=50,
            every=FIRST,
            rows=rows("""
                cases  reported_on  is_green_channel
                    4  2025-03-04   yes
                   46  2025-03-04   no
            """),
        ),
        **SHARE,
    ),
    *(kpi for days in STATIC_DAYS for kpi in _static(days)),
    Kpi(
        code="claims_open_per_handler",
        title="Open claims per handler at the end of the month",
        fact="core.handler_months",
        measure=Mean("open_count"),
        unit="number",
        direction=-1,
        dates={"period": "month"},
        minimum=5,
        source="Workload of the desk",
        definition="Mean number of open claims that a handler has at the end of the month, of handlers who had an "
        "open claim then or one that ended in it; over longer periods the mean of their months.",
        formula="Σ open claims / handlers",
        counts="handlers with claims in the month",
        leaves_out="claims without a handler, and those whose records contradict each other",
        example=Example(
            "four handlers with 12, 8, 10 and no open claims",
            value=7.5,
            numerator=30,
            denominator=4,
            rows=rows("""
                handler_id  month       open_count
                H1          2025-03-01          12
                H2          2025-03-01           8
                H3          2025-03-01          10
                H4          2025-03-01           0
            """),
        ),
    ),
)
