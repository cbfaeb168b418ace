"""The KPIs of persistency: who still pays, or is in force, 13 to 61 months after issue.

Which policies persist, and by which variant of the definition, is decided in `transforms/core/persistency.py`.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import polars as pl

from transforms.core.persistency import DURATIONS_MONTHS, VARIANTS, Variant
from transforms.measures.case_measures import Ratio, Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.settings import PersistencySettings, Settings

# Twelve policies of one month, with what became of the instalment that persistency asks about.
TWELVE = rows("""
    policy_id           eligible  persisting  premium_at_issue  premium_received  exclusion
    paid                yes       yes                    10000             10000  -
    paid                yes       yes                     8000              8000  -
    lapsed              yes       no                     12000                 0  -
    surrendered         yes       no                      5000                 0  -
    free_look           no        no                         -                 -  free_look_cancellation
    single_premium      no        no                         -                 -  single_premium
    died                no        no                         -                 -  death
    paid_in_grace       yes       yes                     7000              7000  -
    reinstated_later    yes       no                      4000                 0  -
    premium_reduced     yes       yes                    15000             10000  -
    transferred_out     no        no                         -                 -  transfer_out
    paid                yes       yes                    20000             20000  -
""")

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
    months: int, cohort: str, by_premium: bool, example: Example
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
            "example": example if is_default else None,
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


def _worked(months: int) -> Callable[..., Example]:
    """The twelve policies as of the end of March 2025, when all of their instalment's grace was just over."""
    years, month = divmod(2025 * 12 + 3 - 1 - (months + 2), 12)
    return partial(
        Example,
        given=f"twelve policies of one month of issue, {months} months on",
        rows=TWELVE,
        every={
            "duration_months": str(months),
            "issued_month": f"{years}-{month + 1:02}-01",
            "matures_on": "2025-03-01",
        },
        as_of="2025-03-31",
    )


def _persistency(months: int, issue_months: int) -> tuple[Kpi, Kpi]:
    """Persistency to a month by number and by premium, of the latest mature month or months of issue."""
    window = "" if issue_months > 1 else "_latest_month"
    cohort = "12 latest mature months of issue" if issue_months > 1 else "latest mature month of issue"
    worked = _worked(months)
    return (
        Kpi(
            code=f"persistency_{months}m{window}_policy_share",
            title=f"{months}-month persistency by number of policies, {cohort} ({months}个月继续率)",
            slice=("duration_months", months),
            measure=Share(of=pl.col("persisting"), among=pl.col("eligible")),
            issue_months=issue_months,
            by_rules=_persistency_rules(
                months, cohort, by_premium=False, example=worked(value=5 / 8, numerator=5, denominator=8)
            ),
            **_PERSISTENCY,
        ),
        Kpi(
            code=f"persistency_{months}m{window}_premium_share",
            title=f"{months}-month persistency by premium, {cohort} ({months}个月保费继续率)",
            slice=("duration_months", months),
            measure=Ratio("premium_received", "premium_at_issue", is_share=True),
            issue_months=issue_months,
            by_rules=_persistency_rules(
                months,
                cohort,
                by_premium=True,
                example=worked(value=55 / 81, numerator=55_000, denominator=81_000),
            ),
            **_PERSISTENCY,
        ),
    )


KPIS = tuple(
    kpi
    for issue_months in (12, 1)
    for months in DURATIONS_MONTHS
    for kpi in _persistency(months, issue_months)
)
