"""The KPIs of policies that end or rest: lapse and reinstatement, free look, surrender and its payment."""

from functools import partial
from typing import Any

import polars as pl

from transforms.measures.case_measures import Deadline, Ratio, Share
from transforms.measures.curve_measures import Clock
from transforms.measures.definition import Exposure, Flow, Kpi
from transforms.measures.example import Example, rows
from transforms.measures.rates import PerExposure
from transforms.measures.turnaround import Turnaround

FAULTY = pl.col("sequence_fault").is_not_null()
IN_FORCE_AT_OPENING = Exposure(
    "policies_opening", Flow("core.policies", "issued_on", "ended_on", excluded=FAULTY), "opening"
)
SUM_ASSURED_AT_OPENING = Exposure(
    "sum_assured_opening",
    Flow("core.policies", "issued_on", "ended_on", amount="sum_assured", excluded=FAULTY),
    "opening",
    is_number=False,
)
# Art. 37: a suspended contract can be reinstated for two years.
REINSTATED_WITHIN_DAYS = (180, 730)
SELDOM = {730: "A month of lapses is mature two years later: with 24 months of KPIs none is yet."}
ISSUED_SINCE = "policies issued since the period began, which were not in force at its start"
SURRENDER_PAYMENT = Turnaround(
    fact="core.policy_events",
    clock=Clock("requested_on", "paid_on"),
    days="requested_to_paid_days",
    ended="paid",
    population=pl.col("event") == "surrender",
    excluded=FAULTY,
    counts="surrenders by the day of the notice (cohort) or of the payment (period)",
    leaves_out="paid before requested, or before issue",
    dates={"cohort": "requested_on", "period": "paid_on"},
    horizon_days=60,
    minimum=20,
)
_ARTICLE_47 = "Insurance Law of the PRC art. 47: cash value within 30 days of the notice"

LAPSED = partial(
    Example,
    given="of 2,000 policies 30 lapse in the month, 6 of them are reinstated later",
    every={"event": "lapse", "issued_on": "2024-01-01", "effective_on": "2025-03-09"},
    rows=rows("""
        cases  reinstated_on
           24  -
            6  2025-06-09
    """),
    also={
        "core.policies": rows("""
            cases  issued_on
             2000  2024-01-01
        """)
    },
)
FOUR_LAPSES = partial(
    Example,
    given="four lapses, two years ago: reinstated after 40, 180 and 181 days, and never",
    every={"event": "lapse", "effective_on": "2023-11-10"},
    rows=rows("""
        policy_id  reinstated_on
        P1         2023-12-20
        P2         2024-05-08
        P3         2024-05-09
        P4         -
    """),
    period="2023-11",
)
SURRENDERED = "surrenders of 240 on an opening reserve of 9,800 and premium of 2,200"
FOUR_PAYMENTS = partial(
    Example,
    given="paid 5, 12, 30 and 31 days after the notice",
    every={"event": "surrender", "requested_on": "2025-03-03"},
    rows=rows("""
        paid_on
        2025-03-08
        2025-03-15
        2025-04-02
        2025-04-03
    """),
)

_NOT_ANNUALISED = (
    "Of a quarter, half-year or rolling year it is the figure at its end, still since January; never times four or "
    "twelve: the denominator is not a year's."
)
_YEAR_TO_DATE: dict[str, Any] = {
    "fact": "core.surrender_months",
    "unit": "ratio",
    "direction": -1,
    "dates": {"period": "month"},
    "cumulative": True,
    "leaves_out": "free-look cancellations and policy loans",
}

_LAPSES: dict[str, Any] = {
    "fact": "core.policy_events",
    "unit": "share",
    "population": pl.col("event") == "lapse",
}
_LAPSED_OF_IN_FORCE: dict[str, Any] = {
    **_LAPSES,
    "version": "2",
    "measure": PerExposure(IN_FORCE_AT_OPENING),
    "held_since": "issued_on",
    "direction": -1,
    "leaves_out": ISSUED_SINCE,
    "dates": {"period": "effective_on"},
    "minimum": 100,
}
_SURRENDERED_OF_IN_FORCE: dict[str, Any] = {
    "version": "2",
    "fact": "core.policies",
    "held_since": "issued_on",
    "unit": "share",
    "direction": -1,
    "population": pl.col("end_event") == "surrender",
    "counts": "surrenders; partial withdrawals are none",
    "leaves_out": f"free-look cancellations, whose premium is refunded; {ISSUED_SINCE}",
    "dates": {"period": "surrendered_on"},
}

KPIS = (
    Kpi(
        code="lapse_policy_share",
        title="Policies lapsed in the month and not reinstated among those in force at its start (失效率)",
        counts="lapses after grace that no reinstatement has followed by the as-of date",
        source="Lapses net of reinstatements of the same cohort over policies exposed",
        definition="Policies suspended in the month for unpaid premium and not reinstated since.",
        formula="(lapses − those reinstated since) / policies in force at the start of the month",
        example=LAPSED(value=0.012, numerator=24, denominator=2000),
        **_LAPSED_OF_IN_FORCE
        | {"population": (pl.col("event") == "lapse") & pl.col("reinstated_on").is_null()},
    ),
    Kpi(
        code="lapse_gross_policy_share",
        title="Policies lapsed in the month among those in force at its start",
        counts="lapses after grace, reinstated later or not",
        source="Lapses over policies exposed",
        definition="Policies suspended in the month for unpaid premium.",
        formula="lapses / policies in force at the start of the month",
        example=LAPSED(value=0.015, numerator=30, denominator=2000),
        **_LAPSED_OF_IN_FORCE,
    ),
    *(
        Kpi(
            code=f"lapse_reinstated_within_{days}_days_share",
            title=f"Lapsed policies reinstated within {days} days (复效)",
            measure=Deadline("effective_on", "reinstated_on", days),
            direction=1,
            counts="lapses after grace",
            dates={"cohort": "effective_on"},
            horizon_days=days,
            minimum=20,
            source="Insurance Law of the PRC art. 37: reinstatement within two years of the suspension",
            definition=f"Lapses of the month that a reinstatement followed within {days} days.",
            formula="reinstated in time / (reinstated in time + not)",
            example=FOUR_LAPSES(value=reinstated / 4, numerator=reinstated, denominator=4),
            seldom=SELDOM.get(days, ""),
            **_LAPSES,
        )
        for days, reinstated in zip(REINSTATED_WITHIN_DAYS, (2, 3), strict=True)
    ),
    Kpi(
        code="free_look_cancelled_share",
        title="Policies cancelled in the free-look period among those issued (犹豫期撤单)",
        fact="core.policies",
        measure=Share(
            of=pl.col("end_event") == "free_look_cancellation", among=pl.col("issued_on").is_not_null()
        ),
        unit="share",
        direction=-1,
        population=pl.col("is_long_term"),
        excluded=FAULTY,
        leaves_out="ended before issue",
        counts="policies of more than a year",
        dates={"cohort": "issued_on"},
        horizon_days=30,
        minimum=100,
        source="Free look of 15 natural days is current practice in China (general knowledge), 30 days in India",
        definition="Policies issued in the month that the customer cancelled within the free-look period.",
        formula="free-look cancellations / policies issued",
        example=Example(
            given="of 400 policies issued 8 are cancelled in the free-look period",
            value=0.02,
            numerator=8,
            denominator=400,
            every={"issued_on": "2025-03-03", "is_long_term": "yes"},
            rows=rows("""
                cases  end_event
                    8  free_look_cancellation
                  392  -
            """),
        ),
    ),
    Kpi(
        code="surrender_policy_share",
        title="Policies surrendered in the month among those in force at its start",
        measure=PerExposure(IN_FORCE_AT_OPENING),
        minimum=100,
        source="Surrender rate by number; free-look cancellations are no surrenders",
        definition="Policies given up for their cash value in the month among those in force at its start.",
        formula="surrenders / policies in force at the start of the month",
        example=Example(
            given="1,800 surrenders of 92,000 policies",
            value=1800 / 92_000,
            numerator=1800,
            denominator=92_000,
            every={"issued_on": "2024-01-01"},
            rows=rows("""
                cases  end_event  surrendered_on  ended_on
                 1800  surrender  2025-03-09      2025-03-09
                90200  -          -               -
            """),
        ),
        **_SURRENDERED_OF_IN_FORCE,
    ),
    Kpi(
        code="surrender_sum_assured_share",
        title="Sum assured surrendered in the month over that in force at its start (简单退保率)",
        measure=PerExposure(SUM_ASSURED_AT_OPENING, amount="sum_assured"),
        source="Simple surrender rate (a third-party copy)",
        definition="Sum assured of the policies surrendered in the month over that in force at its start.",
        formula="sum assured surrendered / sum assured in force at the start of the month",
        example=Example(
            given="150 surrendered of 6,000 in force",
            value=0.025,
            numerator=150,
            denominator=6000,
            every={"issued_on": "2024-01-01"},
            rows=rows("""
                sum_assured  end_event  surrendered_on  ended_on
                        100  surrender  2025-03-09      2025-03-09
                         50  surrender  2025-03-09      2025-03-09
                       5850  -          -               -
            """),
        ),
        **_SURRENDERED_OF_IN_FORCE,
    ),
    Kpi(
        code="surrender_payment_year_to_date_ratio",
        version="2",
        title="Surrender payments since January over opening reserve and premium (退保率, not annualised)",
        measure=Ratio("paid_year_to_date", "at_risk_year_to_date"),
        counts="surrenders and partial surrenders of lines with a long-term reserve, by day of payment",
        source="Statistical indicator standard of 2009 as quoted in the press (a third-party copy); 5 % has been "
        "described in the press as the warning line",
        definition="Surrender payments from January to the end of the period over the long-term reserve at the "
        f"start of the year and the long-term premium income since. {_NOT_ANNUALISED}",
        formula="surrender payments / (opening reserve + premium income), year to date",
        example=Example(
            given=SURRENDERED,
            value=0.02,
            numerator=240,
            denominator=12_000,
            rows=rows("""
                month       paid_year_to_date  at_risk_year_to_date
                2025-12-01                240                 12000
            """),
            period="2025-12",
        ),
        **_YEAR_TO_DATE,
    ),
    Kpi(
        code="surrender_payment_comprehensive_year_to_date_ratio",
        title="Surrender payments since January, investment contracts and separate accounts included (综合退保率)",
        measure=Ratio("comprehensive_paid_year_to_date", "comprehensive_at_risk_year_to_date"),
        needs=("investment_paid_year_to_date", "investment_at_risk_year_to_date"),
        counts="surrenders of lines with a long-term reserve, and what the exposures feed states of investment "
        "contracts and separate accounts",
        source="Solvency reporting (general knowledge); one source calls the rate without them by this name",
        definition="As the surrender payments since January, with those of investment contracts and separate "
        f"accounts over their balance at the start of the year and the deposits since as well. {_NOT_ANNUALISED}",
        formula="(surrender payments + investment surrenders) / (opening reserve + premium income + opening "
        "balances + deposits), year to date",
        example=Example(
            given=f"{SURRENDERED}; 110 of investment contracts, 2,400 at the start, 600 deposited",
            value=350 / 15_000,
            numerator=350,
            denominator=15_000,
            rows=(
                {
                    "month": "2025-12-01",
                    "investment_paid_year_to_date": "110",
                    "investment_at_risk_year_to_date": "3000",
                    "comprehensive_paid_year_to_date": "350",
                    "comprehensive_at_risk_year_to_date": "15000",
                },
            ),
            period="2025-12",
        ),
        **_YEAR_TO_DATE,
    ),
    SURRENDER_PAYMENT.within_days(
        30,
        code="surrender_paid_within_30_days_share",
        title="Surrenders whose cash value was paid within 30 days of the notice",
        horizon_days=30,
        source=_ARTICLE_47,
        definition="Surrenders paid within 30 calendar days of the notice, among those of which it is known.",
        example=FOUR_PAYMENTS(value=0.75, numerator=3, denominator=4),
    ),
    SURRENDER_PAYMENT.median(
        code="surrender_request_to_payment_days_median",
        title="Days from the notice of surrender to the payment, median",
        source=_ARTICLE_47,
        definition="Median of the calendar days from the notice to the payment, of paid surrenders.",
        example=FOUR_PAYMENTS(value=21.0, denominator=4),
    ),
)
