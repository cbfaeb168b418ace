"""The KPIs of how many complaints there are: received, closed, open, and per what is insured."""

from typing import Any

import polars as pl

from transforms.kpi.complaints import (
    ALONE,
    CASES,
    CONFIRMED,
    FAULTY,
    FAULTY_WORDS,
    JANUARY,
    ORDER_2020,
    OWN_CASE,
    OWN_WORDS,
    WORKED,
)
from transforms.measures.case_measures import Count
from transforms.measures.definition import Exposure, Flow, Kpi
from transforms.measures.example import Example, rows
from transforms.measures.rates import PerExposure
from transforms.measures.stock_measures import Stock

BULLETIN = "Complaint bulletins of the regulator; the scope of their denominators is not published"
POLICIES_AT_RISK = Exposure(
    "policies_at_risk",
    Flow("core.policies", "issued_on", "ended_on", excluded=FAULTY),
    "at_risk",
    feed_column="policies",
)
PREMIUM_INCOME = Exposure("premium_income", None, feed_column="premium_income", is_number=False)
PERSON_TIMES = Exposure("person_times", None, feed_column="lives")
EXPECTED_COMPLAINTS = Exposure("expected_complaints", None, feed_column="expected_complaints")

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

KPIS = (
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
        **CASES,
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
        **CASES,
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
        **CASES,
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
        **CASES,
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
        **CASES,
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
