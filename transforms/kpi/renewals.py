"""The KPIs of renewal: which policies of at most a year a new term followed, by number and by premium."""

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from transforms.measures.case_measures import Ratio, Share
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.settings import Settings

EXPIRING = partial(
    Example,
    given="1,000 expiring, 760 renewed, 10 deaths, 15 ended by a claim, 25 declined by the insurer",
    every={"expires_on": "2025-03-15"},
    rows=rows("""
        cases  renewed  exclusion
          760  yes      -
           10  no       death
           15  no       claim_termination
           25  no       declined
          190  no       -
    """),
)
DEARER = partial(
    Example,
    given="10 expire at 100 each, 8 are renewed at 110 each",
    every={"expires_on": "2025-03-15"},
    rows=rows("""
        cases  renewed  premium  renewal_premium  premium_retained
            8  yes          100              110               100
            2  no           100                0                 0
    """),
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

KPIS = (
    Kpi(
        code="renewal_policy_share",
        title="",
        measure=Share(of=pl.col("renewed"), among=pl.col("expires_on").is_not_null()),
        unit="share",
        formula="renewed / (expiring − died − ended by a claim − declined)",
        example=EXPIRING(value=0.8, numerator=760, denominator=950),
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
        example=EXPIRING(value=0.76, numerator=760, denominator=1000),
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
        example=DEARER(value=0.88, numerator=880, denominator=1000),
        **_RENEWING,
    ),
    Kpi(
        code="renewal_constant_premium_share",
        title="Premium of expiring policies that were renewed, at the expiring premium",
        measure=Ratio("premium_retained", "premium", is_share=True),
        unit="share",
        definition="Expiring premium of the policies that were renewed over expiring premium: no price change.",
        formula="expiring premium of renewed policies / premium of expiring terms",
        example=DEARER(value=0.8, numerator=800, denominator=1000),
        **_RENEWING,
    ),
)
