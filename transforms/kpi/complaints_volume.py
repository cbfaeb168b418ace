"""The KPIs of how many complaints there are: received, closed, open, and per what is insured."""

from functools import partial

import polars as pl

from transforms.kpi.complaints import (
    ALONE,
    CASES,
    CONFIRMED,
    FAULTY,
    FAULTY_WORDS,
    ORDER_2020,
    OWN_CASE,
    OWN_WORDS,
    TWO_MONTHS,
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
EXPECTED_COMPLAINTS = Exposure(
    "expected_complaints", None, feed_column="expected_complaints", due_with="premium_income"
)

# What one insurer's complaints of a month are per.
INSURER = partial(
    Example,
    given="36 complaints, premium 2.4 bn, 480,000 policies, 3.1 m person-times",
    every=ALONE,
    rows=rows("""
        cases  received_on
           36  2025-03-03
    """),
    also={
        "core.exposure_months": rows("""
            month       premium_income  policies    lives
            2025-03-01      2400000000    480000  3100000
        """)
    },
)

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
        example=Example(
            given="a customer complains twice while the first is open, two others once",
            value=3,
            numerator=3,
            rows=rows("""
                received_on  is_merged
                2025-03-03   no
                2025-03-10   yes
                2025-03-04   no
                2025-03-05   no
            """),
        ),
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
        example=TWO_MONTHS(period="2025-02", value=85, numerator=85),
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
        example=TWO_MONTHS(period="2025-02", value=35, numerator=35),
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
        example=INSURER(value=0.75, numerator=36, denominator=48),
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
        example=INSURER(value=1.5, numerator=36, denominator=24),
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
        example=INSURER(value=0.36 / 3.1, numerator=36, denominator=310),
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
        example=Example(
            given="12 complaints, 7 of them transferred, on 350 m of premium",
            value=2.0,
            numerator=7,
            denominator=3.5,
            every=ALONE,
            rows=rows("""
                cases  received_on  is_via_regulator
                    7  2025-03-03   yes
                    5  2025-03-03   no
            """),
            also={
                "core.exposure_months": rows("""
                    month       premium_income
                    2025-03-01       350000000
                """)
            },
        ),
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
        "market's totals come from the feed market_values, by product line and period",
        definition="Confirmed complaints closed over those to expect if the market's rate per premium "
        "held, line by line. Without value where the market of some premium is not known.",
        formula="(complaints / market complaints) / (premium / market premium)",
        example=Example(
            given="45 confirmed complaints; the market has 1,500 on 100 bn of premium, this insurer 2 bn of it",
            value=1.5,
            numerator=45,
            denominator=30,
            every=ALONE,
            rows=rows("""
                cases  closed_on   outcome
                   40  2025-03-10  upheld
                    5  2025-03-10  partly_upheld
                   20  2025-03-10  not_upheld
            """),
            also={
                "core.exposure_months": rows("""
                    month       premium_income  expected_complaints
                    2025-03-01      2000000000                   30
                """)
            },
        ),
    ),
)
