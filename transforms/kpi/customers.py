"""The KPIs of customers rather than of policies or cases: who takes out another policy, who stays after a complaint.

Also how dense the outlets are for them. Persistency of single policies is in `persistency.py`.
"""

import polars as pl

from transforms.measures.case_measures import Deadline, Ratio, Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows

YEAR_DAYS = 365
TEN_THOUSAND = 10_000

KPIS = (
    Kpi(
        code="customer_second_policy_share",
        title="Customers who took out another policy within a year of their first",
        fact="core.customers",
        measure=Deadline("first_policy_on", "second_policy_on", YEAR_DAYS),
        unit="share",
        direction=1,
        dates={"cohort": "first_policy_on"},
        horizon_days=YEAR_DAYS,
        minimum=30,
        source="Cross-selling as a sign of trust",
        definition="Customers whose first policy began in the month and who took out another within 365 days, among "
        "those of whom it is known; a policy that renews another is none.",
        formula="second policy within 365 days / customers followed so long",
        counts="known customers by the month of their first policy",
        example=Example(
            given="customers of March 2024: another policy after 100 days, after 400 days, none",
            value=1 / 3,
            numerator=1,
            denominator=3,
            rows=rows("""
                first_policy_on  second_policy_on
                2024-03-04       2024-06-12
                2024-03-04       2025-04-08
                2024-03-20       -
            """),
            period="2024-03",
        ),
    ),
    Kpi(
        code="complainant_retained_12m_share",
        title="Complainants who were still customers a year after their complaint",
        fact="core.complaint_recovery",
        measure=Share(of=pl.col("is_retained_12m"), among=pl.col("is_retained_12m").is_not_null()),
        unit="share",
        direction=1,
        dates={"cohort": "received_on"},
        horizon_days=366,
        minimum=20,
        source="Service recovery: Tax, Brown and Chandrashekaran (1998), Journal of Marketing 62; beside others in "
        "marts.service_recovery",
        definition="Complaints of customers with a policy in force after which, a year later, one was in force "
        "still, among those of which it is known.",
        formula="still a customer / followed for a year",
        counts="complaints of customers with a policy in force, merged contacts left out",
        leaves_out="customers whose last policy was ended by death, a claim or maturity",
        example=Example(
            given="a year after ten complaints eight customers had a policy in force; that of an eleventh matured",
            value=0.8,
            numerator=8,
            denominator=10,
            rows=rows("""
                cases  received_on  is_retained_12m
                    8  2024-03-04   yes
                    2  2024-03-04   no
                    1  2024-03-04   -
            """),
            period="2024-03",
        ),
    ),
    Kpi(
        code="outlets_per_10k_policies",
        title="Outlets per 10,000 policies",
        fact="core.outlet_months",
        measure=Ratio("outlets", pl.col("policies") / TEN_THOUSAND),
        unit="per_10k_policies",
        direction=1,
        dates={"period": "month"},
        source="Density of outlets; the gap between tiers of units is in marts.tier_gaps",
        definition="Outlets at the end of the month per 10,000 policies in force then or ended in it, of units that "
        "state their outlets; over longer periods of all months together.",
        formula="Σ outlets / (Σ policies / 10⁴)",
        counts="months of units that state their outlets",
        example=Example(
            given="two units with 6 and 3 outlets for 20,000 and 10,000 policies",
            value=3.0,
            numerator=9,
            denominator=3,
            rows=rows("""
                org_unit  month       outlets  policies
                B1        2025-03-01        6     20000
                B2        2025-03-01        3     10000
            """),
        ),
    ),
)
