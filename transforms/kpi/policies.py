"""The KPIs of policies: persistency, lapse, reinstatement, free look, surrender, renewal.

Which policies persist, and by which variant of the definition, is decided in `transforms/core/persistency.py`.
"""

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from transforms.core.persistency import DURATIONS_MONTHS, VARIANTS, Variant
from transforms.measures.case_measures import Deadline, Quantile, Ratio, Share
from transforms.measures.definition import Exposure, Flow, Kpi
from transforms.measures.example import Example
from transforms.measures.rates import PerExposure
from transforms.settings import PersistencySettings, Settings

WORKED = "worked by hand"
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
ISSUED_SINCE = "policies issued since the period began, which were not in force at its start"

TWELVE = (
    "12 policies, premium at issue and the 13th-month premium: 10,000 paid; 8,000 paid; 12,000 lapsed; 5,000 "
    "surrendered; 6,000 free-look; 50,000 single; 9,000 died; 7,000 paid in grace; 4,000 lapsed, reinstated on "
    "day 120; 15,000 paid 10,000 after a reduction; 3,000 transferred out; 20,000 paid; default variant"
)
SURRENDERED = "surrenders of 240 on an opening reserve of 9,800 and premium of 2,200"
EXPIRING = "1,000 expiring, 760 renewed, 10 deaths, 15 ended by a claim, 25 declined by the insurer"

_PERSISTENCY: dict[str, Any] = {
    "version": "2",
    "fact": "core.persistency",
    "unit": "share",
    "direction": 1,
    "dates": {"cohort": "issued_month"},
    "excluded": pl.col("exclusion").is_not_null(),
    "switch": "persistency.name",
    "minimum": 100,
    "source": "",
}
# In whose words each variant of `core/persistency.py` is.
PERSISTENCY_SOURCES: dict[str, str] = {
    "default": "Risk-indicator annex of the regulator (a third-party copy) and trade practice; Insurance Law of the "
    "PRC art. 36 (60 days of grace), Civil Code art. 202 (month-end rule)",
    "including_reinstated": "Trade practice (general knowledge): reinstated policies persist",
    "cn_annex_literal": "Risk-indicator annex of the regulator (a third-party copy), by its letter",
    "gross": "Trade practice (general knowledge): whoever leaves is lost",
    "irdai_like": "Indian practice (general knowledge): deaths and claims count as in force",
    "in_force": "Policies in force, for sources without premiums (a rule of this house)",
}
EXITS = {
    "free_look_cancellation": "free-look cancellations",
    "claim_termination": "contracts ended by a claim",
    "death": "deaths",
    "maturity": "maturities",
    "transfer_out": "transfers",
    "conversion": "conversions",
    "cancellation": "cancelled contracts",
}


def _ordinal(number: int) -> str:
    return f"{number}st" if number % 10 == 1 and number % 100 != 11 else f"{number}th"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _persistency_rules(
    months: int, cohort: str, by_premium: bool, worked: float
) -> Callable[[Settings], Any]:
    """What the dictionary says of persistency under the variant in force, and what follows from counted increases."""

    def rules(settings: Settings) -> dict[str, Any]:
        definition = settings.persistency
        variant = VARIANTS[definition.variant]
        if variant.by_premium:
            said = _by_payment(months, cohort, by_premium, definition, variant)
        else:
            said = _by_force(months, cohort, by_premium)
        is_default = definition == PersistencySettings()
        counts_in_full = by_premium and definition.increases == "counted"
        return said | {
            "source": PERSISTENCY_SOURCES[definition.variant],
            "example": Example(TWELVE, worked, WORKED) if is_default else None,
            # What may exceed 1 is no share.
            "unit": "ratio" if counts_in_full else "share",
        }

    return rules


def _by_payment(
    months: int, cohort: str, by_premium: bool, definition: PersistencySettings, variant: Variant
) -> dict[str, str]:
    instalment = f"the premium of the {_ordinal(months)} month, due {months - 1} months after issue,"
    grace = f"within grace ({definition.grace_days} days unless the policy says otherwise)"
    also = ["those whose premium was waived"]
    also += [EXITS[event] for event in variant.persisting_events]
    also += ["those reinstated by the as-of day"] if variant.counts_reinstated else []
    out = _listed(EXITS[event] for event in variant.excluded) if variant.excluded else ""
    left = [
        "single premium",
        "premium terms that are over",
        *([f"by the end of grace {out}"] if out else []),
        "policies of which neither an instalment nor an end or lapse is recorded",
        "policies suspended, which were not paid and have not ended; other losses stay in"
        if variant.excludes_lapsed
        else "lapses stay in",
    ]
    premium = (
        "an increase counts up to the premium at issue"
        if definition.increases == "capped"
        else "increases count in full, so that it may exceed 1"
    )
    return {
        "counts": "policies with regular premium whose premium term reaches the k-th month, mature by the day rule",
        "leaves_out": "; ".join(left),
        "definition": (
            f"Annualised premium of the {_ordinal(months)} month, due {months - 1} months after issue, received "
            f"{grace}, over premium at issue, of policies of the {cohort}; a waived premium is on neither side, "
            f"{premium}."
        )
        if by_premium
        else (
            f"Policies of the {cohort} of which {instalment} was received {grace}, counting {_listed(also)} as paid."
        ),
        "formula": "premium received / premium at issue"
        if by_premium
        else "policies paid within grace / eligible policies",
    }


def _by_force(months: int, cohort: str, by_premium: bool) -> dict[str, str]:
    of = "Premium at issue of policies" if by_premium else "Policies"
    amount = "premium at issue of policies" if by_premium else "policies"
    return {
        "counts": f"policies issued at least {months} months ago, however their premium is paid",
        "leaves_out": "nobody",
        "definition": f"{of} of the {cohort} in force {months} months after issue: neither ended nor lapsed by then, "
        "whatever the reason; payments are not looked at.",
        "formula": f"{amount} in force / {amount} issued",
    }


def _persistency(months: int, issue_months: int) -> tuple[Kpi, Kpi]:
    """Persistency to a month by number and by premium, of the latest mature month or months of issue."""
    window = "" if issue_months > 1 else "_latest_month"
    cohort = "12 latest mature months of issue" if issue_months > 1 else "latest mature month of issue"
    return (
        Kpi(
            code=f"persistency_{months}m{window}_policy_share",
            title=f"{months}-month persistency by number of policies, {cohort} ({months}个月继续率)",
            slice=("duration_months", months),
            measure=Share(of=pl.col("persisting"), among=pl.col("eligible")),
            issue_months=issue_months,
            by_rules=_persistency_rules(months, cohort, by_premium=False, worked=5 / 8),
            **_PERSISTENCY,
        ),
        Kpi(
            code=f"persistency_{months}m{window}_premium_share",
            title=f"{months}-month persistency by premium, {cohort} ({months}个月保费继续率)",
            slice=("duration_months", months),
            measure=Ratio("premium_received", "premium_at_issue", is_share=True),
            issue_months=issue_months,
            by_rules=_persistency_rules(months, cohort, by_premium=True, worked=55_000 / 81_000),
            **_PERSISTENCY,
        ),
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

_ENDINGS = (
    Kpi(
        code="lapse_policy_share",
        version="2",
        title="Policies lapsed in the month and not reinstated among those in force at its start (失效率)",
        fact="core.policy_events",
        measure=PerExposure(IN_FORCE_AT_OPENING),
        held_since="issued_on",
        unit="share",
        direction=-1,
        population=(pl.col("event") == "lapse") & pl.col("reinstated_on").is_null(),
        counts="lapses after grace that no reinstatement has followed by the as-of date",
        leaves_out=ISSUED_SINCE,
        dates={"period": "effective_on"},
        minimum=100,
        source="Lapses net of reinstatements of the same cohort over policies exposed",
        definition="Policies suspended in the month for unpaid premium and not reinstated since.",
        formula="(lapses − those reinstated since) / policies in force at the start of the month",
        example=Example(
            "of 2,000 policies 30 lapse in the month, 6 of them are reinstated later", 0.012, WORKED
        ),
    ),
    Kpi(
        code="lapse_gross_policy_share",
        version="2",
        title="Policies lapsed in the month among those in force at its start",
        fact="core.policy_events",
        measure=PerExposure(IN_FORCE_AT_OPENING),
        held_since="issued_on",
        unit="share",
        direction=-1,
        population=pl.col("event") == "lapse",
        counts="lapses after grace, reinstated later or not",
        leaves_out=ISSUED_SINCE,
        dates={"period": "effective_on"},
        minimum=100,
        source="Lapses over policies exposed",
        definition="Policies suspended in the month for unpaid premium.",
        formula="lapses / policies in force at the start of the month",
        example=Example(
            "of 2,000 policies 30 lapse in the month, 6 of them are reinstated later", 0.015, WORKED
        ),
    ),
    *(
        Kpi(
            code=f"lapse_reinstated_within_{days}_days_share",
            title=f"Lapsed policies reinstated within {days} days (复效)",
            fact="core.policy_events",
            measure=Deadline("effective_on", "reinstated_on", days),
            unit="share",
            direction=1,
            population=pl.col("event") == "lapse",
            counts="lapses after grace",
            dates={"cohort": "effective_on"},
            horizon_days=days,
            minimum=20,
            source="Insurance Law of the PRC art. 37: reinstatement within two years of the suspension",
            definition=f"Lapses of the month that a reinstatement followed within {days} days.",
            formula="reinstated in time / (reinstated in time + not)",
            example=Example(
                "four lapses, two years ago: reinstated after 40, 180 and 181 days, and never", value, WORKED
            ),
        )
        for days, value in zip(REINSTATED_WITHIN_DAYS, (0.5, 0.75), strict=True)
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
        example=Example("of 400 policies issued 8 are cancelled in the free-look period", 0.02, WORKED),
    ),
    Kpi(
        code="surrender_policy_share",
        version="2",
        title="Policies surrendered in the month among those in force at its start",
        fact="core.policies",
        measure=PerExposure(IN_FORCE_AT_OPENING),
        held_since="issued_on",
        unit="share",
        direction=-1,
        population=pl.col("end_event") == "surrender",
        counts="surrenders; partial withdrawals are none",
        leaves_out=f"free-look cancellations, whose premium is refunded; {ISSUED_SINCE}",
        dates={"period": "surrendered_on"},
        minimum=100,
        source="Surrender rate by number; free-look cancellations are no surrenders",
        definition="Policies given up for their cash value in the month among those in force at its start.",
        formula="surrenders / policies in force at the start of the month",
        example=Example("1,800 surrenders of 92,000 policies", 1800 / 92_000, WORKED),
    ),
    Kpi(
        code="surrender_sum_assured_share",
        version="2",
        title="Sum assured surrendered in the month over that in force at its start (简单退保率)",
        fact="core.policies",
        measure=PerExposure(SUM_ASSURED_AT_OPENING, amount="sum_assured"),
        held_since="issued_on",
        unit="share",
        direction=-1,
        population=pl.col("end_event") == "surrender",
        counts="surrenders; partial withdrawals are none",
        leaves_out=f"free-look cancellations, whose premium is refunded; {ISSUED_SINCE}",
        dates={"period": "surrendered_on"},
        source="Simple surrender rate (a third-party copy)",
        definition="Sum assured of the policies surrendered in the month over that in force at its start.",
        formula="sum assured surrendered / sum assured in force at the start of the month",
        example=Example("150 surrendered of 6,000 in force", 0.025, WORKED),
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
        example=Example(SURRENDERED, 0.02, WORKED),
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
            f"{SURRENDERED}; 110 of investment contracts, 2,400 at the start, 600 deposited",
            350 / 15_000,
            WORKED,
        ),
        **_YEAR_TO_DATE,
    ),
    *(
        Kpi(
            code=code,
            title=title,
            fact="core.policy_events",
            measure=measure,
            unit=unit,
            direction=direction,  # type: ignore[arg-type]
            population=pl.col("event") == "surrender",
            excluded=FAULTY,
            counts="surrenders by the day of the notice (cohort) or of the payment (period)",
            leaves_out="paid before requested, or before issue",
            dates={"cohort": "requested_on", "period": "paid_on"},
            horizon_days=horizon,
            minimum=20,
            source="Insurance Law of the PRC art. 47: cash value within 30 days of the notice",
            definition=definition,
            formula=formula,
            example=Example("paid 5, 12, 30 and 31 days after the notice", value, WORKED),
        )
        for code, title, measure, unit, direction, horizon, definition, formula, value in (
            (
                "surrender_paid_within_30_days_share",
                "Surrenders whose cash value was paid within 30 days of the notice",
                Deadline("requested_on", "paid_on", 30),
                "share",
                1,
                30,
                "Surrenders paid within 30 calendar days of the notice, among those of which it is known.",
                "in time / (in time + late)",
                0.75,
            ),
            (
                "surrender_request_to_payment_days_median",
                "Days from the notice of surrender to the payment, median",
                Quantile("requested_to_paid_days", 0.5),
                "days",
                -1,
                60,
                "Median of the calendar days from the notice to the payment, of paid surrenders.",
                "50 % quantile, Hyndman–Fan type 7",
                21.0,
            ),
        )
    ),
)


def _renewal_rules(**texts: str) -> Callable[[Settings], Any]:
    """What follows from the windows of a project: how long to wait, the source, and texts that name a {window}."""

    def rules(settings: Settings) -> dict[str, Any]:
        renewal = settings.renewal
        lines = [f"of {line} {days}" for line, days in sorted(renewal.window_days_of.items())]
        window = ", ".join([f"within {renewal.window_days} days of expiry", *lines])
        said = {name: text.format(window=window) for name, text in texts.items()}
        return said | {"horizon_days": max([renewal.window_days, *renewal.window_days_of.values()])}

    return rules


_EXPIRY: dict[str, Any] = {
    "fact": "core.renewals",
    "direction": 1,
    "dates": {"cohort": "expires_on"},
    "minimum": 50,
    "switch": "renewal.name",
    "source": "",
}
_RENEWAL_SOURCE = "Renewal of one-year products: a new term {window}; product switch allowed"
_RENEWING: dict[str, Any] = {
    **_EXPIRY,
    "population": pl.col("expires_on").is_not_null(),
    "excluded": pl.col("exclusion").is_not_null(),
    "counts": "policies of at most one year by the month of expiry",
    "leaves_out": "ended before expiry, by death or a claim, or declined by the insurer",
    "by_rules": _renewal_rules(source=_RENEWAL_SOURCE),
}

_RENEWALS = (
    Kpi(
        code="renewal_policy_share",
        title="",
        measure=Share(of=pl.col("renewed"), among=pl.col("expires_on").is_not_null()),
        unit="share",
        formula="renewed / (expiring − died − ended by a claim − declined)",
        example=Example(EXPIRING, 0.8, WORKED),
        **_RENEWING
        | {
            "by_rules": _renewal_rules(
                title="One-year policies renewed {window} (续保率)",
                source=_RENEWAL_SOURCE,
                definition="Policies of at most one year that a new term followed {window}.",
            )
        },
    ),
    Kpi(
        code="renewal_gross_policy_share",
        title="One-year policies renewed among all that expired",
        measure=Share(of=pl.col("renewed"), among=pl.col("expires_on").is_not_null()),
        unit="share",
        counts="policies of at most one year by the month of expiry, whatever happened to them",
        definition="As the renewal share, with deaths, claims and declined policies in the denominator.",
        formula="renewed / expiring",
        example=Example(EXPIRING, 0.76, WORKED),
        by_rules=_renewal_rules(source=f"{_RENEWAL_SOURCE}; gross"),
        **_EXPIRY,
    ),
    Kpi(
        code="renewal_premium_ratio",
        title="Premium of renewed policies over premium of expiring ones",
        measure=Ratio("renewal_premium", "premium"),
        unit="ratio",
        definition="Premium of the new terms over premium of the expiring ones; contains changes of price.",
        formula="premium of new terms / premium of expiring terms",
        example=Example("10 expire at 100 each, 8 are renewed at 110 each", 0.88, WORKED),
        **_RENEWING,
    ),
    Kpi(
        code="renewal_constant_premium_share",
        title="Premium of expiring policies that were renewed, at the expiring premium",
        measure=Ratio("premium_retained", "premium", is_share=True),
        unit="share",
        definition="Expiring premium of the policies that were renewed over expiring premium: no price change.",
        formula="expiring premium of renewed policies / premium of expiring terms",
        example=Example("10 expire at 100 each, 8 are renewed at 110 each", 0.8, WORKED),
        **_RENEWING,
    ),
)

_BY_DURATION = [kpi for months in DURATIONS_MONTHS for kpi in _persistency(months, 12)]
_LATEST_MONTH = [kpi for months in DURATIONS_MONTHS for kpi in _persistency(months, 1)]

KPIS = (*_BY_DURATION, *_LATEST_MONTH, *_ENDINGS, *_RENEWALS)
