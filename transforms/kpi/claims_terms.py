"""The KPIs of terms of claims: what is late by law or contract, and what keeps the insurer's own promises.

How a term runs (calendar, contract, excluded days) is `transforms/facts/claim_terms.py`.
"""

import math
from collections.abc import Callable
from typing import Any

import polars as pl

from transforms.kpi.claims import BY_DECISION, BY_END, FIRST, MEDIAN, SHARE
from transforms.measures.case_measures import Quantile, Share, TermShare
from transforms.measures.definition import Kpi
from transforms.measures.example import Example, rows
from transforms.settings import Promise, Settings

_TERM: dict[str, Any] = SHARE | {"direction": -1}
_REPORTED: dict[str, Any] = {"dates": BY_DECISION, "horizon_days": 30}


def _by_requests(definition: str) -> Callable[[Settings], dict[str, str]]:
    """The definition with the requests for papers that stop the clock; all of them are another version."""

    def rules(settings: Settings) -> dict[str, str]:
        if settings.claims.excluded_rounds == "first":
            return {"definition": f"{definition} Only the first request for papers stops the clock."}
        said = f"{definition} Every request for papers stops the clock."
        return {"definition": said, "switch": "claims.excluded_rounds"}

    return rules


KPIS = (
    Kpi(
        code="claim_statutory_breach_share",
        version="3",
        title="Claims late by any of the limits for decision, payment, refusal letter and part payment",
        measure=TermShare("statutory_state", "breach"),
        dates=BY_END,
        horizon_days=90,
        source="Insurance Law of the PRC arts 23, 24 and 25; a contract's own terms take their place",
        by_rules=_by_requests(
            "Claims late by any limit of the law among those of which it is known; a refusal letter that the records "
            "do not show makes none late."
        ),
        formula="late by any limit / (late by any + in time by all)",
        example=Example(
            "four claims: in time throughout; decided 45 days after claim and papers came, none asked for; "
            "paid 25 days after the agreement; open for 12 days",
            value=2 / 3,
            numerator=2,
            denominator=3,
            rows=rows("""
                reported_on  statutory_state
                2025-03-03   met
                2025-03-03   breach
                2025-03-03   breach
                2025-03-19   undetermined
            """),
            every=FIRST,
            as_of="2025-03-31",
        ),
        **_TERM,
    ),
    Kpi(
        code="claim_decision_over_30_days_share",
        version="2",
        title="Claims decided later than 30 days net of document requests, or than the contract says",
        measure=TermShare("decision_term_state", "breach"),
        source="Insurance Law of the PRC art. 23(1); Supreme People's Court, Interpretation (II), art. 15",
        by_rules=_by_requests(
            "Claims decided late, or open when late, counted from the first receipt of claim and papers, after the "
            "days in which the claimant gathered more are taken off."
        ),
        formula="late / (late + in time)",
        example=Example(
            "decided after 42 days, 15 of them gathering papers; decided after 45 days, none; open for 17 days",
            value=1 / 2,
            numerator=1,
            denominator=2,
            rows=rows("""
                reported_on  decided_on  documents_to_decision_net_days  decision_term_state
                2025-03-03   2025-04-14                              27  met
                2025-03-03   2025-04-17                              45  breach
                2025-03-31   -                                        -  undetermined
            """),
            every=FIRST,
            as_of="2025-04-17",
        ),
        **_TERM | _REPORTED,
    ),
    Kpi(
        code="claim_payment_over_10_days_share",
        version="2",
        title="Claims paid later than 10 days after the agreement, or than the contract says",
        measure=TermShare("payment_term_state", "breach"),
        dates={"cohort": "payable_on", "period": "paid_on"},
        horizon_days=10,
        source="Insurance Law of the PRC art. 23(1)",
        definition="Claims agreed and paid late, or unpaid when late.",
        formula="late / (late + in time)",
        example=Example(
            "paid 3, 10 and 25 days after the agreement; unpaid for 6 days",
            value=1 / 3,
            numerator=1,
            denominator=3,
            rows=rows("""
                payable_on  paid_on     payment_term_state
                2025-03-03  2025-03-06  met
                2025-03-03  2025-03-13  met
                2025-03-03  2025-03-28  breach
                2025-03-25  -           undetermined
            """),
            every=FIRST,
            as_of="2025-03-31",
        ),
        **_TERM,
    ),
    Kpi(
        code="claim_refusal_letter_over_3_days_share",
        version="2",
        title="Refusals whose letter was sent later than 3 days after the decision, or never",
        measure=TermShare("refusal_letter_state", "breach"),
        dates={"cohort": "decided_on"},
        horizon_days=3,
        source="Insurance Law of the PRC art. 24",
        definition="Refused claims of which the letter with the reasons was late or is missing.",
        formula="late or never sent / (late or never sent + in time)",
        example=Example(
            "four refusals, the letter sent on days 1, 3 and 15, and never",
            value=2 / 4,
            numerator=2,
            denominator=4,
            rows=rows("""
                decided_on  refusal_sent_on  outcome   refusal_letter_state
                2025-03-03  2025-03-04       rejected  met
                2025-03-03  2025-03-06       rejected  met
                2025-03-03  2025-03-18       rejected  breach
                2025-03-03  -                rejected  breach
            """),
            every=FIRST,
        ),
        **_TERM,
    ),
    Kpi(
        code="claim_part_payment_over_60_days_share",
        title="Claims neither decided nor paid in part 60 days after the documents were complete",
        measure=TermShare("part_payment_state", "breach"),
        dates={"cohort": "documents_complete_on"},
        horizon_days=60,
        source="Insurance Law of the PRC art. 25",
        definition="Claims of which neither a decision nor a payment came within 60 days of complete "
        "documents.",
        formula="late / (late + in time)",
        example=Example(
            "decided on days 20 and 45; paid in part on day 58; nothing for 90 days; nothing for 60 days",
            value=1 / 4,
            numerator=1,
            denominator=4,
            rows=rows("""
                documents_complete_on  decided_on  prepaid_on  part_payment_state
                2025-03-01             2025-03-21  -           met
                2025-03-01             2025-04-15  -           met
                2025-03-01             -           2025-04-28  met
                2025-03-01             -           -           breach
                2025-03-31             -           -           undetermined
            """),
            every=FIRST,
            as_of="2025-05-30",
        ),
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
        definition="Claims not decided 60 days after complete documents of which a part had been paid by then.",
        formula="part paid by day 60 / undecided on day 60",
        seldom="Few claims are undecided so long after their last paper; the simulated insurer has hardly any.",
        example=Example(
            "four claims undecided on day 60: a part paid on day 50, on day 85, and of two nothing",
            value=1 / 4,
            numerator=1,
            denominator=4,
            rows=rows("""
                documents_complete_on  part_payment_due_on  prepaid_on  is_undetermined_after_60_days
                2025-03-03             2025-05-02           2025-04-22  yes
                2025-03-03             2025-05-02           2025-05-27  yes
                2025-03-03             2025-05-02           -           yes
                2025-03-03             2025-05-02           -           yes
            """),
            every=FIRST,
        ),
        **_TERM | {"direction": 1},
    ),
    Kpi(
        code="claim_documents_to_decision_net_days_median",
        title="Days from first documents to decision without the days the claimant gathered papers, median",
        measure=Quantile("documents_to_decision_net_days", 0.5),
        source="Insurance Law of the PRC art. 23(1); Supreme People's Court, Interpretation (II), art. 15",
        by_rules=_by_requests(
            "Median of the calendar days from the first receipt of claim and papers to the decision, less those "
            "between asking for papers and their receipt."
        ),
        formula=MEDIAN,
        example=Example(
            "claimed on 2025-03-03, notice of missing papers on 03-10, papers on 03-25, decided on "
            "04-14: 42 days less 15",
            value=27,
            denominator=1,
            rows=rows("""
                reported_on  decided_on  documents_to_decision_net_days
                2025-03-03   2025-04-14                              27
            """),
            every=FIRST,
        ),
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
        definition="Claims of which the promise was kept, among those of which it is known.",
        formula="kept / (kept + broken)",
        counts="claims the promise covers, those cancelled by the insurer or contradictory left out",
        example=Example(
            "kept 45 times, broken 5 times, not known yet 3 times",
            value=0.9,
            numerator=45,
            denominator=50,
            every={"promise": promise.name},
            rows=rows("""
                cases  started_on  state
                   45  2025-03-04  met
                    5  2025-03-04  breach
                    3  2025-03-31  undetermined
            """),
        ),
    )
