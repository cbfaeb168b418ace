"""The KPIs of complaints: how many, resolved, in time, how long, upheld, repeated, and per what is insured.

How a complaint's limit, repeats and merged contacts are told is in `transforms/core`.
"""

from dataclasses import replace
from typing import Any

import polars as pl

from transforms.measures.case_measures import Count, Deadline, Mean, Quantile, Share
from transforms.measures.definition import Exposure, Flow, Kpi
from transforms.measures.example import Example, Row, rows
from transforms.measures.rates import PerExposure
from transforms.measures.stock_measures import Stock
from transforms.settings import Settings

# A repeated contact on an open complaint is merged into it and is no case of its own.
OWN_CASE = ~pl.col("is_merged")
FAULTY = pl.col("sequence_fault").is_not_null()
NOT_WITHDRAWN = pl.col("withdrawn_on").is_null()
DECIDED = pl.col("outcome").is_in(["upheld", "partly_upheld", "not_upheld"])
CONFIRMED = pl.col("outcome").is_in(["upheld", "partly_upheld"])

OWN_WORDS = "complaints, merged contacts left out"
FAULTY_WORDS = "closed, answered, accepted, reopened or escalated before received"
ORDER_2020 = "CBIRC order 2020 no. 3 (a third-party copy)"
BULLETIN = "Complaint bulletins of the regulator; the scope of their denominators is not published"
WORKED = "worked by hand"

POLICIES_AT_RISK = Exposure(
    "policies_at_risk",
    Flow("core.policies", "issued_on", "ended_on", excluded=FAULTY),
    "at_risk",
    feed_column="policies",
)
PREMIUM_INCOME = Exposure("premium_income", None, feed_column="premium_income", is_number=False)
PERSON_TIMES = Exposure("person_times", None, feed_column="lives")
EXPECTED_COMPLAINTS = Exposure("expected_complaints", None, feed_column="expected_complaints")
_HANDLED = Flow("core.complaints", "received_on", "closed_on", OWN_CASE & NOT_WITHDRAWN, excluded=FAULTY)
RECEIVED = Exposure("complaints_received", _HANDLED, "entered")
WORKABLE = Exposure("complaints_workable", _HANDLED, "at_risk")

_CASES: dict[str, Any] = {"fact": "core.complaints", "population": OWN_CASE, "counts": OWN_WORDS}
_TIMED: dict[str, Any] = {
    **_CASES,
    "excluded": FAULTY,
    "leaves_out": FAULTY_WORDS,
    "dates": {"cohort": "received_on", "period": "closed_on"},
    "minimum": 20,
}
_CLOSED: dict[str, Any] = {
    "fact": "core.complaints",
    "excluded": FAULTY,
    "dates": {"period": "closed_on"},
    "population": OWN_CASE & NOT_WITHDRAWN,
    "counts": f"{OWN_WORDS}, not withdrawn",
    "leaves_out": FAULTY_WORDS,
    "minimum": 20,
}
_DECIDED: dict[str, Any] = {
    "fact": "core.complaints",
    "population": OWN_CASE & DECIDED,
    "counts": f"{OWN_WORDS}, decided",
    "leaves_out": "withdrawn complaints, on neither side",
    "dates": {"period": "closed_on", "cohort": "received_on"},
    "horizon_days": 60,
    "minimum": 20,
}

# Of these seven complaints the state on 2025-03-31 is known by hand.
SEVEN = (
    "seven complaints as of 2025-03-31, received → decided (limit): 03-01→03-14 (15), 03-01→03-17 (15, day 15 "
    "is a Sunday), 03-03→03-25 (30), 03-10 open (15), 03-20 open (15), 01-20→03-28 (60 and 10 of appraisal), "
    "03-25→03-26 (15)"
)
JANUARY = "100 received in January, 60 closed in January, 30 in February; 80 in February, 55 closed in it"
# What every row of an example has: nobody complained twice, and nothing contradicts itself.
ALONE: Row = {"is_merged": "no"}
CLOSED: dict[str, Any] = {
    "given": "42 upheld, 18 partly, 80 not upheld, 10 withdrawn",
    "source": WORKED,
    "rows": rows("""
        cases  outcome        uphold_credit  received_on  closed_on   withdrawn_on
           42  upheld                   1.0  2025-03-03   2025-03-10  -
           18  partly_upheld            0.5  2025-03-03   2025-03-10  -
           80  not_upheld               0.0  2025-03-03   2025-03-10  -
           10  withdrawn                  -  2025-03-03   2025-03-10  2025-03-10
    """),
    "every": ALONE,
}
INSURER: dict[str, Any] = {
    "given": "36 complaints, premium 2.4 bn, 480,000 policies, 3.1 m person-times",
    "source": WORKED,
    "rows": rows("""
        cases  received_on
           36  2025-03-03
    """),
    "every": ALONE,
    "also": {
        "core.exposure_months": rows("""
            month       premium_income  policies    lives
            2025-03-01      2400000000    480000  3100000
        """)
    },
}


def _limits(settings: Settings) -> dict[str, str]:
    """The definition of complaints on time under the limits in force."""
    rules = settings.complaints
    limits, days = rules.limit_days, "working days" if rules.counting == "business" else "calendar days"
    end = "; a due day on a rest day moves to the next other day" if rules.rolls_forward else ""
    none = f"are taken for {rules.unclassified}" if rules.unclassified else "have no limit and do not count"
    return {
        "definition": "Complaints decided by their due day, among those of which it is known: "
        f"{limits.simple} {days} after the start, {limits.complex} if complex, {limits.special} with an extension "
        f"approved and told in time, days of appraisal left out{end}. The start is the receipt, or that of new facts "
        f"that came in time or reopened the complaint; complaints without a class {none}."
    }


_VOLUME = (
    Kpi(
        code="complaints_received_count",
        title="Complaints received",
        measure=Count(),
        unit="count",
        direction=-1,
        dates={"cohort": "received_on"},
        source=f"{ORDER_2020}: merged contacts count once",
        definition="Complaints received in the month; a repeated contact on an open complaint is none.",
        formula="number of complaints",
        example=Example("a customer complains twice while the first is open, two others once", 3, WORKED),
        **_CASES,
    ),
    Kpi(
        code="complaints_closed_count",
        version="2",
        title="Complaints closed",
        measure=Count(),
        unit="count",
        direction=0,
        dates={"period": "closed_on"},
        source="Workload of the period",
        definition="Complaints closed in the month, by decision or withdrawal.",
        formula="number of complaints",
        example=Example(f"February of: {JANUARY}", 85, WORKED),
        **_CASES,
    ),
    Kpi(
        code="complaints_open_count",
        title="Complaints open at the end of the month, those opened again included",
        fact="core.complaints",
        measure=Stock(Flow("core.complaints", "received_on", "closed_on", OWN_CASE, excluded=FAULTY)),
        unit="count",
        direction=-1,
        dates={},
        source="Backlog: received and not closed since, nor after a reopening",
        definition="Complaints received by the end of the month and not closed by then; one that was opened again "
        "and not closed since has been open all along.",
        formula="number of complaints",
        counts=OWN_WORDS,
        leaves_out=FAULTY_WORDS,
        example=Example(f"the end of February of: {JANUARY}, nothing before", 35, WORKED),
    ),
    Kpi(
        code="complaints_per_10k_policies",
        title="Complaints received per 10,000 policies (万张保单投诉量)",
        measure=PerExposure(POLICIES_AT_RISK, per=10_000),
        unit="per_10k_policies",
        direction=-1,
        dates={"cohort": "received_on"},
        source=f"{BULLETIN}; here all complaints and policies in force or ended in the month",
        definition="Complaints received in the month per 10,000 policies in force at its end or ended in it.",
        formula="complaints / (policies / 10⁴)",
        example=Example(**INSURER, value=0.75, numerator=36, denominator=48),
        **_CASES,
    ),
    Kpi(
        code="complaints_per_100m_premium",
        title="Complaints received per 100 million of premium (亿元保费投诉量)",
        measure=PerExposure(PREMIUM_INCOME, per=1e8),
        unit="per_100m_premium",
        direction=-1,
        dates={"cohort": "received_on"},
        source=f"{BULLETIN}; here all complaints and the premium income of the month",
        definition="Complaints received in the month per 100 million of its premium income.",
        formula="complaints / (premium income / 10⁸)",
        example=Example(**INSURER, value=1.5, numerator=36, denominator=24),
        **_CASES,
    ),
    Kpi(
        code="complaints_per_10k_person_times",
        title="Complaints received per 10,000 insured person-times (万人次投诉量)",
        measure=PerExposure(PERSON_TIMES, per=10_000),
        unit="per_10k_person_times",
        direction=-1,
        dates={"cohort": "received_on"},
        source=f"{BULLETIN}; here all complaints",
        definition="Complaints received in the month per 10,000 insured person-times; for group business.",
        formula="complaints / (person-times / 10⁴)",
        example=Example(**INSURER, value=0.36 / 3.1, numerator=36, denominator=310),
        **_CASES,
    ),
    Kpi(
        code="regulator_complaints_per_100m_premium",
        title="Complaints transferred by the regulator per 100 million of premium",
        fact="core.complaints",
        measure=PerExposure(PREMIUM_INCOME, per=1e8),
        unit="per_100m_premium",
        direction=-1,
        population=OWN_CASE & pl.col("is_via_regulator"),
        counts=f"{OWN_WORDS}, received and transferred by the regulator",
        dates={"cohort": "received_on"},
        source=f"{BULLETIN}; the bulletins' numerator",
        definition="As complaints per 100 million of premium, of those that the regulator passed on.",
        formula="transferred complaints / (premium income / 10⁸)",
        example=Example("7 transferred complaints on 350 m of premium", 2.0, WORKED),
    ),
    Kpi(
        code="complaint_index_ratio",
        version="2",
        title="Complaint index: share of complaints over share of premium, 1 = par",
        fact="core.complaints",
        measure=PerExposure(EXPECTED_COMPLAINTS, is_share=False),
        unit="ratio",
        direction=-1,
        population=OWN_CASE & CONFIRMED,
        counts=f"{OWN_WORDS}, upheld fully or partly",
        dates={"period": "closed_on"},
        # Lines with hardly an expected complaint have an index that means nothing.
        minimum=5,
        source="NAIC complaint index (third-party copies): confirmed closed complaints, share of premium; the "
        "market's totals come from the project file",
        definition="Confirmed complaints closed over those to expect if the market's rate per premium held.",
        formula="(complaints / market complaints) / (premium / market premium)",
        example=Example("45 of 1,500 complaints, 2 bn of 100 bn premium", 1.5, WORKED),
    ),
)

_RESOLUTION = (
    Kpi(
        code="complaint_resolved_share",
        version="2",
        title="Complaints of the month resolved by the as-of date",
        measure=Share(of=pl.col("decided_on").is_not_null(), among=NOT_WITHDRAWN),
        needs=("closed_on=",),
        unit="share",
        direction=1,
        excluded=FAULTY,
        leaves_out=f"withdrawn complaints, on neither side; {FAULTY_WORDS}",
        dates={"cohort": "received_on"},
        horizon_days=60,
        minimum=20,
        source="Resolution rate (办结率) of the received cohort; withdrawn complaints are on neither side",
        definition="Complaints received in the month that were decided by the as-of date.",
        formula="decided / (received − withdrawn)",
        example=Example(f"January as of the end of February, of: {JANUARY}", 0.9, WORKED),
        **_CASES,
    ),
    *(
        Kpi(
            code=f"complaint_resolved_within_{days}_days_share",
            version="2",
            title=f"Complaints resolved within {days} days of receipt",
            measure=Deadline("received_on", "decided_on", days, exits_on="withdrawn_on"),
            unit="share",
            direction=1,
            horizon_days=days,
            source=source,
            definition=f"Complaints decided within {days} calendar days of receipt, among those of which it is "
            "known: open ones are late once older, undetermined before; calendar days without roll-forward.",
            formula="in time / (in time + late)",
            example=example,
            **_TIMED,
        )
        for days, source, example in (
            (
                14,
                "Grievance redress in India (third-party copy)",
                Example("decided on days 13, 14 and 15; open on day 9", 2 / 3, WORKED),
            ),
            (
                15,
                f"{ORDER_2020}: 15 days for simple complaints",
                Example("decided on days 13, 16 and 22; open for 21 days and for 11", 1 / 4, WORKED),
            ),
            (
                30,
                f"{ORDER_2020}: 30 days for complex complaints; RG 271 (Australia): 30 calendar days",
                Example("decided on days 13, 16 and 22; open for 21 days and for 11", 1.0, WORKED),
            ),
            (
                56,
                "FCA DISP 1.6.2R: final response by the end of 8 weeks",
                Example("decided on days 40, 56 and 57", 2 / 3, WORKED),
            ),
            (
                60,
                f"{ORDER_2020}: 60 days with an approved extension",
                Example("decided on days 40 and 67", 1 / 2, WORKED),
            ),
        )
    ),
    Kpi(
        code="complaint_closed_to_received_ratio",
        version="2",
        title="Complaints closed over complaints received in the month",
        measure=PerExposure(RECEIVED, is_share=False),
        unit="ratio",
        direction=1,
        for_index=False,
        source="Closed over received in the period, as bulletins print it; may exceed 1",
        definition="Complaints closed in the month over complaints received in it: unlike cases, may exceed 1.",
        formula="closed in the month / received in the month",
        example=Example(f"February of: {JANUARY}", 85 / 80, WORKED),
        **_CLOSED,
    ),
    Kpi(
        code="complaint_clearance_share",
        version="2",
        title="Complaints closed among those open at the start of the month or received in it",
        measure=PerExposure(WORKABLE),
        unit="share",
        direction=1,
        source="Resolution of what was to be worked on; bounded by 1",
        definition="Complaints closed in the month among those open when it began and those received in it.",
        formula="closed in the month / (open at its start + received in it)",
        example=Example(f"February of: {JANUARY}", 85 / 120, WORKED),
        **_CLOSED,
    ),
    Kpi(
        code="complaint_on_time_share",
        version="3",
        title="Complaints decided on time by class (投诉件办理及时率)",
        measure=Deadline("received_on", "decided_on", exits_on="withdrawn_on", due_on="due_on"),
        unit="share",
        direction=1,
        horizon_days=75,
        switch="complaints.name",
        source=f"{ORDER_2020}: 15 days, 30 if complex, 60 with an extension approved and told in time; days of "
        "outside appraisal excluded, new facts restart the period; Civil Code of the PRC arts. 201 and 203",
        by_rules=_limits,
        formula="in time / (in time + late)",
        example=Example(SEVEN, 5 / 6, WORKED),
        **_TIMED,
    ),
    Kpi(
        code="regulator_complaint_on_time_share",
        version="3",
        title="Complaints transferred by the regulator decided on time (监管转办件办理及时率)",
        measure=Deadline("received_on", "decided_on", exits_on="withdrawn_on", due_on="due_on"),
        unit="share",
        direction=1,
        horizon_days=75,
        switch="complaints.name",
        source="CIRC complaint-handling appraisal (third-party copy), with the limits of complaints on time",
        by_rules=_limits,
        formula="in time / (in time + late)",
        example=Example(f"the regulator passed on the first two of: {SEVEN}", 1.0, WORKED),
        **{
            **_TIMED,
            "population": OWN_CASE & pl.col("is_via_regulator"),
            "counts": f"{OWN_WORDS}, received and transferred by the regulator",
        },
    ),
    Kpi(
        code="complaint_decided_within_3_business_days_share",
        version="2",
        title="Complaints decided by the end of the third working day after receipt",
        measure=Deadline(
            "received_on", "decided_on", exits_on="withdrawn_on", due_on="third_business_day_on"
        ),
        unit="share",
        direction=1,
        horizon_days=14,
        source="By analogy to FCA DISP 1.5.1R",
        definition="Complaints decided by the third working day after the day of receipt.",
        formula="in time / (in time + late)",
        example=Example(
            "received on Friday 2025-09-26, decided on 09-29 (a make-up Sunday lies between); "
            "another on 10-09, after the holidays",
            1 / 2,
            WORKED,
        ),
        **_TIMED,
    ),
    Kpi(
        code="complaint_accepted_within_3_business_days_share",
        version="2",
        title="Complaints whose resolution was accepted by the end of the third working day after receipt",
        measure=Deadline("received_on", "accepted_on", due_on="third_business_day_on"),
        unit="share",
        direction=1,
        horizon_days=14,
        source="FCA DISP 1.5.1R and 1.5.2AR: resolved once the complainant has indicated acceptance",
        definition="Complaints of which the complainant accepted the resolution by the third working day.",
        formula="in time / (in time + late)",
        example=Example("received on Monday, accepted on Thursday and on Friday of the week", 1 / 2, WORKED),
        **{**_TIMED, "dates": {"cohort": "received_on"}},
    ),
    Kpi(
        code="complaint_received_to_closed_days_median",
        version="2",
        title="Days from receipt to closing of complaints, median",
        measure=Quantile("received_to_closed_days", 0.5),
        unit="days",
        direction=-1,
        horizon_days=60,
        source="Time to resolve",
        definition="Median of the calendar days from receipt to closing, of closed complaints only.",
        formula="50 % quantile, Hyndman–Fan type 7",
        example=Example("1, 2, 2, 3, 4, 5, 7, 9, 15 and 30 days", 4.5, WORKED),
        **_TIMED,
    ),
    Kpi(
        code="complaint_received_to_closed_days_p90",
        version="2",
        title="Days from receipt to closing of complaints, 90th percentile",
        measure=Quantile("received_to_closed_days", 0.9),
        unit="days",
        direction=-1,
        horizon_days=60,
        source="Time to resolve",
        definition="90 % quantile of the calendar days from receipt to closing, of closed complaints only.",
        formula="90 % quantile, Hyndman–Fan type 7",
        example=Example("1, 2, 2, 3, 4, 5, 7, 9, 15 and 30 days", 16.5, WORKED),
        **_TIMED,
    ),
)

_OUTCOMES = (
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
        example=Example(**CLOSED, value=60 / 140, numerator=60, denominator=140),
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
        example=Example(**CLOSED, value=0.3, numerator=42, denominator=140),
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
        example=Example(**CLOSED, value=51 / 140, numerator=51, denominator=140),
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
        example=Example("3 met fully, 1 in part, 6 not at all", 0.4, WORKED),
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
        example=Example(**CLOSED, value=10 / 150, numerator=10, denominator=150),
        **_TIMED,
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
            "first customer: closed 01-15, again on 01-10 (merged) and on 02-20 (closed 03-01); two others "
            "closed; as of 2025-05-01",
            1 / 3,
            WORKED,
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
        example=Example("of 50 complaints two reached the regulator, on day 20 and on day 200", 0.02, WORKED),
        excluded=FAULTY,
        leaves_out=FAULTY_WORDS,
        **_CASES,
    ),
    Kpi(
        code="complaint_mis_selling_share",
        version="2",
        title="Complaints about sales among all with a category (销售纠纷)",
        measure=Share(of=pl.col("category").is_in([]), among=pl.col("category").is_not_null()),
        switch="complaints.sales_name",
        awaits="complaints.mis_selling",
        unit="share",
        direction=-1,
        dates={"cohort": "received_on"},
        minimum=20,
        source="The regulator's bulletins split complaints by claims, sales, surrender, underwriting, servicing",
        definition="Complaints about how the policy was sold, by the categories that the project names, among those "
        "whose category is known.",
        formula="categories in `complaints.mis_selling` / all categories",
        example=Example("30 about sales, 50 about claims, 20 about surrender", 0.3, WORKED),
        **_CASES,
    ),
)

KPIS = (*_VOLUME, *_RESOLUTION, *_OUTCOMES)


def kpis_of(settings: Settings) -> tuple[Kpi, ...]:
    """The KPIs under a project's rules: what counts as mis-selling is the project's to say."""
    sold = list(settings.complaints.mis_selling)
    if not sold:
        return KPIS
    of_sales = Share(of=pl.col("category").is_in(sold), among=pl.col("category").is_not_null())
    return tuple(
        replace(kpi, measure=of_sales, awaits="") if kpi.awaits == "complaints.mis_selling" else kpi
        for kpi in KPIS
    )
