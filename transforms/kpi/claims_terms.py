"""The KPIs of terms of claims: what is late by law or contract, and what keeps the insurer's own promises."""

import math
from typing import Any

import polars as pl

from transforms.kpi.claims import FAULTY, FIRST_HANDLING
from transforms.kpi.definition import Kpi
from transforms.kpi.measures import Quantile, Share
from transforms.kpi.term_measures import TermShare
from transforms.settings import Promise, Settings

_TERM: dict[str, Any] = {
    "fact": "core.claims",
    "population": FIRST_HANDLING,
    "excluded": FAULTY,
    "unit": "share",
    "direction": -1,
    "minimum": 30,
}
_REPORTED: dict[str, Any] = {"dates": {"cohort": "reported_on", "period": "decided_on"}, "horizon_days": 30}

KPIS = (
    Kpi(
        code="claim_statutory_breach_share",
        title="Claims late by any of the limits for decision, payment, refusal letter and part payment",
        measure=TermShare("statutory_state", "breach"),
        dates={"cohort": "reported_on", "period": "ended_on"},
        horizon_days=90,
        source="Insurance Law of the PRC arts 23, 24 and 25; a contract's own terms take their place",
        **_TERM,
    ),
    Kpi(
        code="claim_decision_over_30_days_share",
        title="Claims decided later than 30 days net of document requests, or than the contract says",
        measure=TermShare("decision_term_state", "breach"),
        source="Insurance Law of the PRC art. 23(1); Supreme People's Court, Interpretation (II), art. 15",
        **_TERM | _REPORTED,
    ),
    Kpi(
        code="claim_payment_over_10_days_share",
        title="Claims paid later than 10 days after the agreement, or than the contract says",
        measure=TermShare("payment_term_state", "breach"),
        dates={"cohort": "payable_on", "period": "paid_on"},
        horizon_days=10,
        source="Insurance Law of the PRC art. 23(1)",
        **_TERM,
    ),
    Kpi(
        code="claim_refusal_letter_over_3_days_share",
        title="Refusals whose letter was sent later than 3 days after the decision, or never",
        measure=TermShare("refusal_letter_state", "breach"),
        dates={"cohort": "decided_on"},
        horizon_days=3,
        source="Insurance Law of the PRC art. 24",
        **_TERM,
    ),
    Kpi(
        code="claim_part_payment_over_60_days_share",
        title="Claims neither decided nor paid in part 60 days after the documents were complete",
        measure=TermShare("part_payment_state", "breach"),
        dates={"cohort": "documents_complete_on"},
        horizon_days=60,
        source="Insurance Law of the PRC art. 25",
        **_TERM,
    ),
    Kpi(
        code="claim_part_paid_by_day_60_share",
        title="Claims undetermined 60 days after complete documents of which a part had been paid by then",
        measure=Share(
            of=pl.min_horizontal("prepaid_on", "paid_on") <= pl.col("part_payment_due_on"),
            among=pl.col("is_undetermined_after_60_days"),
        ),
        dates={"cohort": "documents_complete_on"},
        horizon_days=60,
        source="Insurance Law of the PRC art. 25",
        **_TERM | {"direction": 1},
    ),
    Kpi(
        code="claim_report_to_decision_net_days_median",
        title="Days from report to decision without the days the claimant gathered papers, median",
        measure=Quantile("report_to_decision_net_days", 0.5),
        source="Insurance Law of the PRC art. 23(1); Supreme People's Court, Interpretation (II), art. 15",
        **_TERM | _REPORTED | {"unit": "days"},
    ),
)

_HOURS_A_UNIT = {"hours": 1, "days": 24, "working_days": 48}


def promise_kpis(settings: Settings) -> tuple[Kpi, ...]:
    """One KPI a promise of the project: claim_promise_<name>_share."""
    return tuple(_promise_kpi(promise) for promise in settings.claims.promises)


def _promise_kpi(promise: Promise) -> Kpi:
    # Working days come two to three in three; a long holiday makes a cohort a little younger than it should be.
    horizon_days = math.ceil(promise.limit * _HOURS_A_UNIT[promise.unit] / 24)
    return Kpi(
        code=f"claim_promise_{promise.name}_share",
        title=promise.title,
        fact="core.claim_promises",
        measure=TermShare("state", "met"),
        slice=("promise", promise.name),
        unit="share",
        direction=1,
        dates={"cohort": "started_on", "period": "reached_on"},
        horizon_days=horizon_days,
        minimum=30,
        source="The insurer's own promise",
    )
